"""Indexes are rebuilt while the application waits.

REINDEX stops writes on the table, and reads too as soon as their plan looks at the index, for as
long as the build takes.

Write REINDEX ... CONCURRENTLY, outside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effect import LockMode
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short

CODE = "LG003"
NAME = "reindex-not-concurrent"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = ("ReindexStmt",)

BAD = "REINDEX TABLE orders;"
GOOD = "REINDEX TABLE CONCURRENTLY orders;"
BAD_ALEMBIC = """\
op.execute("REINDEX TABLE orders")
"""
GOOD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.execute("REINDEX TABLE CONCURRENTLY orders")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A REINDEX without CONCURRENTLY of something that was there before."""
    tree = seen.tree
    named = "relation" in tree
    if any(node["DefElem"]["defname"] == "concurrently" for node in tree.get("params", ())):
        return
    if named and not seen.exists(seen.table):
        return
    what = "every table that it comes to"
    if named:
        writes = next((e.relation for e in seen.effects.effects if e.mode is LockMode.SHARE), None)
        what = short(writes or seen.table)
    yield Hazard(
        f"blocks writes on {what}, and the reads that would use the index, while it is built anew",
        "write REINDEX ... CONCURRENTLY, outside a transaction",
        seen.table if named else None,
        sized=True,
    )
