"""Texts that PL/pgSQL puts together while it runs, where all their pieces stand in its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lockgate.core.effects.expressions import without_casts
from lockgate.core.effects.trees import Node, body, literal, nodes, only, words
from lockgate.core.parsed import Tree
from lockgate.core.sql.trees import parse_expression, parse_one, quote_identifier

Known = Mapping[str, str]
"""Variables and fields of records by the text that they hold."""

MOST_ROUNDS = 200


def rounds(kind: str, loop: Tree, datums: list[Tree]) -> list[Known] | None:
    """What a loop's variables hold in each of its rounds; None where constants do not say it."""
    if kind == "PLpgSQL_stmt_foreach_a":
        names = [_name(datums, loop.get("varno", 0))]
        lists = _elements(parse_expression(_query(loop.get("expr"))))
    elif kind == "PLpgSQL_stmt_fors":
        lists, fields = _selected(_query(loop.get("query")))
        record = body(loop.get("var"), "PLpgSQL_rec").get("refname")
        row = body(loop.get("var"), "PLpgSQL_row").get("fields", ())
        names = [f"{record}.{field}" for field in fields]
        names = names if record else [field["name"] for field in row]
    else:
        return None
    if not lists or len(lists) > MOST_ROUNDS or _assigns(loop, datums, names):
        return None
    return [dict(zip(names, values, strict=False)) for values in lists]


def declared(function: Tree) -> Known:
    """The variables that are declared with a constant text and never get another value."""
    datums = function.get("datums", [])
    given = set()
    for kind, node in nodes([function.get("action", {}), datums]):
        if kind in ("PLpgSQL_stmt_assign", "PLpgSQL_stmt_foreach_a"):
            given.add(node.get("varno", 0))
        elif kind == "PLpgSQL_row":
            given.update(field.get("varno", 0) for field in node.get("fields", ()))
        elif kind == "PLpgSQL_diag_item":
            given.add(node.get("target", 0))
    known: dict[str, str] = {}
    names = [_name(datums, number) for number in range(len(datums))]
    for number, name in enumerate(names):
        value = _query(body(datums[number], "PLpgSQL_var").get("default_val"))
        text = constant_text(parse_expression(value), {}) if value else None
        if text is not None and number not in given and names.count(name) == 1:
            known[name] = text
    return known


def _query(node: Node) -> str:
    return str(body(node, "PLpgSQL_expr").get("query", ""))


def _name(datums: list[Tree], number: int) -> str:
    return str(body(datums[number], "PLpgSQL_var").get("refname", ""))


def _assigns(loop: Tree, datums: list[Tree], names: list[str]) -> bool:
    """Whether something in a loop gives a variable of it another value."""
    assigned = (node for kind, node in nodes(loop.get("body")) if kind == "PLpgSQL_stmt_assign")
    return any(_name(datums, node.get("varno", 0)) in names for node in assigned)


def _selected(query: str) -> tuple[list[list[str]], list[str]]:
    """The rows of a VALUES, or of a lone unnest() of constants, with the names of their columns."""
    select = body({(parsed := parse_one(query)).kind: parsed.tree}, "SelectStmt")
    if "valuesLists" in select:
        lists = [row["List"]["items"] for row in select["valuesLists"]]
        rows = [_elements({"A_ArrayExpr": {"elements": items}}) for items in lists]
        columns = [f"column{number}" for number in range(1, len(lists[0]) + 1)]
        return [[text for (text,) in row] for row in rows] if all(rows) else [], columns
    targets = select.get("targetList", ())
    if len(targets) != 1 or select.keys() & {"fromClause", "whereClause", "limitCount"}:
        return [], []
    target = body(targets[0], "ResTarget")
    call = body(target.get("val"), "FuncCall")
    if words(call.get("funcname"))[-1:] != ("unnest",) or len(call.get("args", ())) != 1:
        return [], []
    return _elements(call["args"][0]), [target.get("name", "unnest")]


def _elements(node: Tree | None) -> list[list[str]]:
    """Each text of a constant array by itself; nothing where one is no constant."""
    array = without_casts(node or {})
    spelled = literal(array)
    if isinstance(spelled, str):
        plain = spelled.startswith("{") and not set(spelled) & set('"\\ ')
        return [[text] for text in spelled.strip("{}").split(",")] if plain else []
    items = body(array, "A_ArrayExpr").get("elements", ())
    texts = [text for item in items if (text := constant_text(item, {})) is not None]
    return [[text] for text in texts] if len(texts) == len(items) else []


def constant_text(node: Tree | None, known: Known) -> str | None:
    """The text that an expression of constants makes; None where something else is in it."""
    if node is None:
        return None
    node = without_casts(node)
    value = literal(node)
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    kind, found = only(node)
    if kind == "A_Expr" and words(found.get("name")) == ("||",):
        left, right = (constant_text(found.get(side), known) for side in ("lexpr", "rexpr"))
        return None if left is None or right is None else left + right
    if kind == "ColumnRef":
        return known.get(".".join(words(found.get("fields"))))
    name = words(found.get("funcname"))[-1:] if kind == "FuncCall" else ()
    if name == ("format",):
        return _formatted([constant_text(argument, known) for argument in found.get("args", [])])
    if name and name[0] in _QUOTED:
        text = constant_text(found.get("args", [None])[0], known)
        return None if text is None else _QUOTED[name[0]](text)
    return None


def _formatted(texts: list[str | None]) -> str | None:
    if not texts or texts[0] is None:
        return None
    pieces = texts[0].split("%")
    made, values = pieces[0], iter(texts[1:])
    position = 1
    while position < len(pieces):
        piece = pieces[position]
        if not piece:  # %%
            following = pieces[position + 1] if position + 1 < len(pieces) else ""
            made += "%" + following
            position += 2
            continue
        value = next(values, None)
        if value is None or piece[0] not in "sIL":
            return None
        if piece[0] == "I":
            value = quote_identifier(value)
        elif piece[0] == "L":
            value = _quote_literal(value)
        made += value + piece[1:]
        position += 1
    return made


def _quote_literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_QUOTED: dict[str, Callable[[str], str]] = {
    "quote_ident": quote_identifier,
    "quote_literal": _quote_literal,
}
