"""What an expression asks of the rows: whether it has to be computed for each, what it proves."""

from __future__ import annotations

from lockgate.core.effects.structure import Expression, Structure
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import Node, body, literal, nodes, only, words
from lockgate.core.parsed import Tree
from lockgate.core.sql.trees import parse_one


def is_volatile(touched: Touched, node: Node) -> bool | None:
    """Whether an expression may have another value for each row; None where nobody knows.

    None is for a function that is neither PostgreSQL's nor in the Structure.
    """
    known: bool | None = False
    for kind, value in nodes(node):
        if kind != "FuncCall":
            continue
        found = _function_volatile(touched, words(value.get("funcname")))
        if found:
            return True
        if found is None:
            known = None
    return known


def _function_volatile(touched: Touched, name: tuple[str, ...]) -> bool | None:
    routines = touched.structure.routine(name) if touched.structure.routines else []
    if routines:
        return any(
            routine.volatility == "v" and not _inlined(touched, routine.source, routine.language)
            for routine in routines
        )
    if len(name) > 1 and name[-2] != "pg_catalog":
        return None
    return touched.facts.is_volatile(name[-1])


def _inlined(touched: Touched, source: str | None, language: str) -> bool:
    """Whether a function in SQL is replaced by an expression that is not volatile itself."""
    if language != "sql" or not source:
        return False
    parsed = parse_one(source)
    select = parsed.tree
    if parsed.kind != "SelectStmt" or set(select) - _PLAIN_SELECT:
        return False
    targets = select.get("targetList", ())
    if len(targets) != 1 or any(kind == "SubLink" for kind, _ in nodes(targets)):
        return False
    return is_volatile(touched, targets) is False


_PLAIN_SELECT = frozenset(("targetList", "limitOption", "op"))


def conjuncts(node: Tree) -> list[Tree]:
    """The conditions that all have to hold for `node` to hold, as PostgreSQL takes it apart."""
    found = body(node, "BoolExpr")
    if found.get("boolop") == "NOT_EXPR":
        turned = _negated(found["args"][0])
        return [node] if turned is None else conjuncts(turned)
    if found.get("boolop") != "AND_EXPR":
        return [node]
    return [inner for argument in found.get("args", ()) for inner in conjuncts(argument)]


def _negated(node: Tree) -> Tree | None:
    """What holds where `node` does not, None where PostgreSQL would only write NOT before it."""
    kind, found = only(node)
    if kind == "NullTest":
        other = {"IS_NULL": "IS_NOT_NULL", "IS_NOT_NULL": "IS_NULL"}
        return {kind: {**found, "nulltesttype": other[found["nulltesttype"]]}}
    if kind != "BoolExpr":
        return None
    arguments = found["args"]
    if found["boolop"] == "NOT_EXPR":
        return dict(arguments[0])
    if found["boolop"] == "OR_EXPR":
        turned = [{kind: {"boolop": "NOT_EXPR", "args": [argument]}} for argument in arguments]
        return {kind: {"boolop": "AND_EXPR", "args": turned}}
    return None


def proves_not_null(expression: Expression | None, column: str) -> bool:
    """Whether a CHECK of that expression lets no NULL into `column`.

    A check lets pass what is unknown, so that only `IS NOT NULL` proves it, and not `> 0`.
    """
    if expression is None:
        return False
    for node in conjuncts(expression.tree):
        test = body(node, "NullTest")
        if test.get("nulltesttype") != "IS_NOT_NULL":
            continue
        if words(body(test.get("arg"), "ColumnRef").get("fields"))[-1:] == (column,):
            return True
    return False


def without_casts(node: Tree) -> Tree:
    """`node` without the casts around it."""
    kind, found = only(node)
    while kind == "TypeCast":
        node = found.get("arg", {})
        kind, found = only(node)
    return node


def sequence_of(structure: Structure, node: Node) -> tuple[str, ...] | None:
    """The name of the sequence in `nextval('name')`, None where it is no constant."""
    text = literal(without_casts(node)) if isinstance(node, dict) else None
    return split_name(text) if isinstance(text, str) else None


def split_name(text: str) -> tuple[str, ...]:
    """The parts of a name as `regclass` reads it."""
    parts, current, quoted, before = [], "", False, ""
    for character in text:
        if character == '"':
            if not quoted and before == '"':  # two of them in quotes are one that is meant
                current += character
            quoted = not quoted
        elif character == "." and not quoted:
            parts.append(current)
            current = ""
        else:
            current += character.lower() if character.isascii() and not quoted else character
        before = character
    return (*parts, current)


def refuses(expression: Expression | None, column: str, default: Expression | None) -> bool:
    """Whether a CHECK turns away the constant that a column is filled with."""
    value = literal(without_casts(default.tree)) if default is not None else None
    if expression is None or value is None:
        return False
    return any(_is_false(node, column, value) for node in conjuncts(expression.tree))


def _is_false(node: Tree, column: str, value: object) -> bool:
    found = body(node, "A_Expr")
    named = words(body(without_casts(found.get("lexpr", {})), "ColumnRef").get("fields"))[-1:]
    other = literal(without_casts(found.get("rexpr", {})))
    if found.get("kind") != "AEXPR_OP" or named != (column,) or other is None:
        return False
    operator = words(found.get("name"))[-1]
    if isinstance(value, str) and isinstance(other, str) and operator in ("=", "<>"):
        return (value == other) is (operator == "<>")
    if isinstance(value, int) and isinstance(other, int):
        truths = {
            "<": value < other,
            "<=": value <= other,
            "=": value == other,
            "<>": value != other,
            ">=": value >= other,
            ">": value > other,
        }
        return truths.get(operator) is False
    return False
