"""Every row of a table is changed in one transaction.

Each row stays locked until the commit, so writes to it wait; the table grows by as many dead
rows; replicas fall behind; and in a transaction that also changes the schema everything waits.

Write in batches of a few thousand rows, each with a commit of its own, outside the revision.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import joined_tables, merges, whole
from lockgate.core.effects.trees import Node, body, is_null, words
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short

CODE = "LG046"
NAME = "whole-table-written"
FAMILY = Family.TRANSACTION
SEVERITY = Severity.WARNING
ON = ("UpdateStmt", "MergeStmt")

BAD = "UPDATE orders SET channel = 'web';"
GOOD = "UPDATE orders SET channel = 'web' WHERE id BETWEEN 1 AND 5000;"
BAD_ALEMBIC = """\
op.execute("UPDATE orders SET channel = 'web'")
"""
GOOD_ALEMBIC = """\
op.execute("UPDATE orders SET channel = 'web' WHERE id BETWEEN 1 AND 5000")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """An UPDATE of a table that was there before, whose WHERE leaves out no row, or only joins."""
    tree, merge = seen.tree, seen.kind == "MergeStmt"
    joined = merge or "fromClause" in tree
    if not seen.exists(seen.table) or (merge and not merges(tree, "CMD_UPDATE")):
        return
    if joined and not joined_tables(seen):
        return  # a list that the change itself brings along is a batch
    where = tree.get("joinCondition" if merge else "whereClause")
    if not whole(where, joined=joined, table=tree.get("relation")) and not _fills_new(seen, where):
        return
    every = "every row with a partner" if joined else "every row"
    ddl = bool(seen.unit.held) and not joined  # how many have a partner is not known
    yield Hazard(
        f"blocks writes to {every} of {short(seen.table)} until the transaction ends",
        "write in batches, each with a commit of its own",
        seen.table,
        Severity.ERROR if ddl else None,
        sized=True,
    )


def _fills_new(seen: Seen, where: Node | None) -> bool:
    """Whether it asks for the NULLs of a column that this change added: those are all rows."""
    test = body(where or {}, "NullTest")
    named = words(body(test.get("arg"), "ColumnRef").get("fields"))[-1:]
    if test.get("nulltesttype") != "IS_NULL" or not named:
        return False
    column = seen.relation.columns.get(named[0])
    empty = column is None or column.default is None or is_null(column.default.tree)
    return empty and (seen.table, named[0]) in seen.unit.note("columns made")
