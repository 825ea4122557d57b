"""Loops in PL/pgSQL that change every row of a table, a few at a time in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import Node, body, nodes, only, words
from lockgate.core.parsed import Tree
from lockgate.core.sql.trees import parse_one, parse_plpgsql


def whole_table_loops(sql: str) -> Iterator[tuple[str, Tree]]:
    """The UPDATE or DELETE of each such loop, by its node, without the condition of one round.

    A loop that commits is a batch, and none of these.
    """
    functions = parse_plpgsql(sql)
    if functions is None or any(kind.endswith("_commit") for kind, _ in nodes(functions)):
        return
    for kind, loop in nodes(functions):
        if kind == "PLpgSQL_stmt_fors":
            table = _every_row(_query(loop.get("query")))
            row = body(loop.get("var"), "PLpgSQL_rec").get("refname")
            for changing, tree in _changes(loop, table):
                if row is not None and _is_of_row(tree.get("whereClause"), row):
                    yield changing, _without_condition(tree)
        elif kind in ("PLpgSQL_stmt_loop", "PLpgSQL_stmt_while"):
            for changing, tree in _changes(loop, None):
                if changing == "DeleteStmt" and _is_some_of(tree):
                    yield changing, _without_condition(tree)


def _changes(loop: Tree, table: str | None) -> Iterator[tuple[str, Tree]]:
    for kind, found in nodes(loop.get("body")):
        if kind != "PLpgSQL_stmt_execsql":
            continue
        changing, tree = _query(found.get("sqlstmt"))
        named = tree.get("relation", {}).get("relname")
        if changing in ("UpdateStmt", "DeleteStmt") and table in (None, named):
            yield changing, tree


def _query(expression: Node) -> tuple[str, Tree]:
    parsed = parse_one(str(body(expression, "PLpgSQL_expr").get("query", "")))
    return parsed.kind, parsed.tree


def _every_row(query: tuple[str, Tree]) -> str:
    """The table that a query reads all of; empty where it leaves something out."""
    kind, select = query
    sources = select.get("fromClause", ()) if kind == "SelectStmt" else ()
    if len(sources) != 1 or select.keys() & {"whereClause", "limitCount", "groupClause"}:
        return ""
    return str(body(next(iter(sources)), "RangeVar").get("relname", ""))


def _is_of_row(where: Node, row: str) -> bool:
    """Whether a condition compares a column with one of the loop's row."""
    found = body(where or {}, "A_Expr")
    sides = [words(body(found.get(side), "ColumnRef").get("fields")) for side in _SIDES]
    return words(found.get("name")) == ("=",) and any(side[:1] == (row,) for side in sides)


_SIDES = ("lexpr", "rexpr")


def _is_some_of(tree: Tree) -> bool:
    """Whether a DELETE takes any few of the table's own rows."""
    link = body(tree.get("whereClause") or {}, "SubLink")
    kind, select = only(link.get("subselect"))
    few = kind == "SelectStmt" and "limitCount" in select
    rest = {key: value for key, value in select.items() if key != "limitCount"}
    return few and _every_row((kind, rest)) == tree.get("relation", {}).get("relname")


def _without_condition(tree: Tree) -> Tree:
    return {key: value for key, value in tree.items() if key != "whereClause"}
