"""Effects of code in a statement: DO blocks, CALL, and the functions that a SELECT calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lockgate.core.effects import rows
from lockgate.core.effects.constants import Known, constant_text, declared, rounds
from lockgate.core.effects.expressions import without_casts
from lockgate.core.effects.structure import Routine
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import Node, body, literal, nodes, only, options, words
from lockgate.core.parsed import Tree
from lockgate.core.sql.trees import parse, parse_expression, parse_plpgsql

Predict = Callable[[Touched, str, Tree, str], None]
"""Adds the effects of one more statement: its node's type and content, and its text."""

DEEPEST = 5
"""How far calls of functions by functions are followed."""


def do(touched: Touched, tree: Tree, sql: str, predict: Predict) -> None:
    """DO: the statements that stand in the block; what is put together while it runs is unknown."""
    found = options(tree.get("args"))
    language = str(literal(found.get("language")) or "plpgsql").lower()
    if language != "plpgsql":
        touched.unknown = True
        return
    _plpgsql(touched, sql, predict)


def create(touched: Touched, tree: Tree) -> None:
    """CREATE FUNCTION: PostgreSQL reads a body in SQL, and so locks what it names."""
    found = options(tree.get("options"))
    statements = [only(node) for _, node in _bodies(tree.get("sql_body"))]
    source = body(found.get("as"), "List").get("items", ())
    if str(literal(found.get("language"))).lower() == "sql" and source:
        parsed = parse(str(literal(source[-1])))
        statements += [(one.kind, one.tree) for one in parsed if one.problem is None]
    for kind, inner in statements:
        rows.query(touched, kind, inner, planned=False)


def _bodies(node: Node) -> Iterator[tuple[str, Tree]]:
    """The statements of a BEGIN ATOMIC, or of a RETURN."""
    for kind, found in nodes([node]):
        if kind in rows.STATEMENTS:
            yield kind, {kind: found}


def call(touched: Touched, tree: Tree, predict: Predict) -> None:
    """CALL of a procedure, whose body may be in the Structure."""
    name = words(tree.get("funccall", {}).get("funcname"))
    _routines(touched, name, predict, must_know=True)


def calls_in(touched: Touched, tree: Tree, predict: Predict) -> None:
    """The functions that a SELECT calls.

    One without FROM is there for what its functions do: where nothing is known of one, nothing
    is known of the statement.
    """
    alone = "fromClause" not in tree and "intoClause" not in tree
    targets = tree.get("targetList", ())
    for kind, found in nodes([targets, tree.get("fromClause", [])]):
        if kind == "FuncCall":
            name = words(found.get("funcname"))
            top = alone and len(targets) == 1 and _is_top(targets[0], found)
            _routines(touched, name, predict, must_know=top)


def _is_top(target: Tree, call_: Tree) -> bool:
    return body(without_casts(body(target, "ResTarget").get("val", {})), "FuncCall") is call_


def run(touched: Touched, name: tuple[str, ...], predict: Predict) -> None:
    """The body of a function that a trigger calls; PostgreSQL's own lock nothing more."""
    _routines(touched, name, predict, must_know=False)


def _routines(
    touched: Touched, name: tuple[str, ...], predict: Predict, *, must_know: bool
) -> None:
    if not name or touched.depth > DEEPEST:
        touched.unknown = touched.unknown or must_know
        return
    found = touched.structure.routine(name)
    if not found:
        system = len(name) == 1 or name[-2] in ("pg_catalog", "information_schema")
        known = touched.facts.is_volatile(name[-1]) is not None
        if must_know and not (system and known):
            touched.unknown = True
        return
    touched.depth += 1
    for routine in found:
        _body(touched, routine, predict)
    touched.depth -= 1


def _body(touched: Touched, routine: Routine, predict: Predict) -> None:
    if routine.language == "sql" and routine.source:
        for parsed in parse(routine.source):
            if parsed.problem is None:
                predict(touched, parsed.kind, parsed.tree, parsed.sql)
    elif routine.language == "plpgsql" and routine.statement:
        _plpgsql(touched, routine.statement, predict)
    elif routine.volatility == "v" and routine.language not in ("sql", "internal", "c"):
        touched.unknown = True


def _plpgsql(touched: Touched, sql: str, predict: Predict) -> None:
    functions = parse_plpgsql(sql)
    if functions is None:
        touched.unknown = True
        return
    for function in functions:
        found = body(function, "PLpgSQL_function")
        _walk(touched, function, found.get("datums", []), declared(found), predict)


def _walk(touched: Touched, node: Node, datums: list[Tree], known: Known, predict: Predict) -> None:
    """Every statement in `node`; those in a loop over constants once for each of them."""
    stack = [node]
    while stack:
        found = stack.pop()
        if isinstance(found, list):
            stack.extend(reversed(found))
            continue
        for kind, value in found.items() if isinstance(found, dict) else ():
            every = rounds(kind, value, datums) if kind in _LOOPS else None
            for constants in every or ():
                _walk(touched, value.get("body"), datums, {**known, **constants}, predict)
            if every is None:
                stack.append(value)
                _statement(touched, kind, value, known, predict)


def _statement(touched: Touched, kind: str, found: Tree, known: Known, predict: Predict) -> None:
    if kind in ("PLpgSQL_stmt_commit", "PLpgSQL_stmt_rollback"):
        touched.forbidden = True
    elif kind in ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"):
        _dynamic(touched, _query(found.get("query")), known, predict)
    elif kind in ("PLpgSQL_stmt_return_query", "PLpgSQL_stmt_open") and "dynquery" in found:
        _dynamic(touched, _query(found.get("dynquery")), known, predict)
    elif kind == "PLpgSQL_expr":
        _static(touched, found, predict)


_LOOPS = ("PLpgSQL_stmt_foreach_a", "PLpgSQL_stmt_fors")


def _query(node: Node) -> str:
    return str(body(node, "PLpgSQL_expr").get("query", ""))


def _static(touched: Touched, expression: Tree, predict: Predict) -> None:
    text = str(expression.get("query", ""))
    mode = expression.get("parseMode", 0)
    if mode == 0:
        for parsed in parse(text):
            if parsed.problem is not None:
                touched.unknown = True
            elif parsed.kind == "SelectStmt":
                rows.query(touched, parsed.kind, parsed.tree)
                calls_in(touched, parsed.tree, predict)
            else:
                predict(touched, parsed.kind, parsed.tree, parsed.sql)
                touched.apply_within(parsed)
        return
    if mode >= 3:  # an assignment: only what stands on its right reads anything
        text = text.partition(":=")[2] or text.partition("=")[2]
    found = parse_expression(text)
    if found is not None:
        rows.query(touched, "SelectStmt", {"targetList": [{"ResTarget": {"val": found}}]})


def _dynamic(touched: Touched, expression: str, known: Known, predict: Predict) -> None:
    text = constant_text(parse_expression(expression), known)
    if text is None:
        touched.unknown = True
        return
    for parsed in parse(text):
        if parsed.problem is not None:
            touched.unknown = True
        else:
            predict(touched, parsed.kind, parsed.tree, parsed.sql)
            touched.apply_within(parsed)
