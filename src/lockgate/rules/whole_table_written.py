"""Every row of a table is changed in one transaction, or many of them.

Each row stays locked until the commit, so writes to it wait; the table grows by as many dead
rows; replicas fall behind; and in a transaction that also changes the schema everything waits.

A WHERE that lets through every number of a key (`id > 0`) is none; of the rows without a value
in a column nobody knows how many they are, and before the column is filled they are all. With
`--env`, the target's statistics say how many rows a WHERE chooses.

An INSERT of a table's own rows with ON CONFLICT DO UPDATE writes all of them, too.

Write in batches of a few thousand rows, each with a commit of its own, outside the revision.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import joined_tables, merges, whole
from lockgate.core.effects.trees import Node, body, columns_in, is_null, words
from lockgate.core.finding import Severity
from lockgate.core.reach import Reach, reach, rows_reached
from lockgate.core.rule import SMALL_ROWS, Family, Hazard, Seen, short

CODE = "LG046"
NAME = "whole-table-written"
FAMILY = Family.TRANSACTION
SEVERITY = Severity.WARNING
ON = ("UpdateStmt", "MergeStmt", "InsertStmt")

BAD = "UPDATE orders SET channel = 'web';"
GOOD = "UPDATE orders SET channel = 'web' WHERE id BETWEEN 1 AND 5000;"
BAD_ALEMBIC = """\
op.execute("UPDATE orders SET channel = 'web'")
"""
GOOD_ALEMBIC = """\
op.execute("UPDATE orders SET channel = 'web' WHERE id BETWEEN 1 AND 5000")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """An UPDATE of a table that was there before, whose WHERE leaves out no row, or few for all
    that its text and the target tell.
    """
    if seen.kind == "InsertStmt":
        if seen.exists(seen.table) and _comes_back(seen):
            yield Hazard(
                f"blocks writes to every row of {short(seen.table)} until the transaction ends",
                _REMEDY,
                seen.table,
                sized=True,
            )
        return
    tree, merge = seen.tree, seen.kind == "MergeStmt"
    joined = merge or "fromClause" in tree
    if seen.kind == "UpdateStmt" and seen.relation.ignores("CMD_UPDATE"):
        return
    if not seen.exists(seen.table) or (merge and not merges(tree, "CMD_UPDATE")):
        return
    if joined and not joined_tables(seen):
        return  # a list that the change itself brings along is a batch
    where = tree.get("joinCondition" if merge else "whereClause")
    relation = None if joined else seen.relation
    every = whole(where, joined=joined, table=tree.get("relation"), relation=relation)
    if every or _fills_new(seen, where):
        rows = "every row with a partner" if joined else "every row"
        ddl = bool(seen.unit.held) and not joined  # how many have a partner is not known
        yield Hazard(
            f"blocks writes to {rows} of {short(seen.table)} until the transaction ends",
            _REMEDY,
            seen.table,
            Severity.ERROR if ddl else None,
            sized=True,
        )
    elif not joined:
        yield from _some(seen, where)


def _comes_back(seen: Seen) -> bool:
    """Whether an INSERT puts every row of a table into it again, with ON CONFLICT DO UPDATE."""
    conflict = seen.tree.get("onConflictClause", {})
    select = body(seen.tree.get("selectStmt"), "SelectStmt")
    sources = select.get("fromClause", ())
    if conflict.get("action") != "ONCONFLICT_UPDATE" or "whereClause" in conflict:
        return False
    if len(sources) != 1 or "limitCount" in select or not whole(select.get("whereClause")):
        return False
    source = body(sources[0], "RangeVar")
    return bool(source) and seen.name(source) == seen.table


_REMEDY = "write in batches, each with a commit of its own"


def _some(seen: Seen, where: Node) -> Iterator[Hazard]:
    """That the rows a WHERE chooses are many by the target's statistics, or may be."""
    found = reach(where, seen.relation)
    statistics = seen.unit.target and seen.unit.target.relation(seen.table)
    rows = rows_reached(where, statistics) if statistics else None
    many = rows is not None and rows >= SMALL_ROWS
    if found is Reach.BOUNDED and not many:
        return
    which = "every row that its WHERE finds"
    if found is Reach.NULLS:
        column = sorted(columns_in(where))[0]
        if (seen.table, column) in seen.unit.note("columns made"):
            return  # with a default, so that no row lacks a value
        which = f"every row without a value in {column}"
    message = f"blocks writes to {which} in {short(seen.table)} until the transaction ends"
    if rows is not None:
        severity = Severity.WARNING if many else Severity.INFO
        yield Hazard(f"{message} (about {rows:,} rows)", _REMEDY, seen.table, severity)
    else:
        severity = Severity.WARNING if found is Reach.NULLS else Severity.INFO
        yield Hazard(message, _REMEDY, seen.table, severity, sized=True)


def _fills_new(seen: Seen, where: Node | None) -> bool:
    """Whether it asks for the NULLs of a column that this change added: those are all rows."""
    test = body(where or {}, "NullTest")
    named = words(body(test.get("arg"), "ColumnRef").get("fields"))[-1:]
    if test.get("nulltesttype") != "IS_NULL" or not named:
        return False
    column = seen.relation.columns.get(named[0])
    empty = column is None or column.default is None or is_null(column.default.tree)
    return empty and (seen.table, named[0]) in seen.unit.note("columns made")
