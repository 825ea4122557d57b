"""A materialized view cannot be read while it is refreshed.

REFRESH MATERIALIZED VIEW holds ACCESS EXCLUSIVE on the view as long as its query runs. WITH NO
DATA leaves it unreadable altogether.

Write REFRESH MATERIALIZED VIEW CONCURRENTLY; the view needs a unique index for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.concurrently import lacks_a_key
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short

CODE = "LG014"
NAME = "view-refresh-blocks"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = ("RefreshMatViewStmt",)

BAD = "REFRESH MATERIALIZED VIEW monthly;"
GOOD = "REFRESH MATERIALIZED VIEW CONCURRENTLY monthly;"
BAD_ALEMBIC = """\
op.execute("REFRESH MATERIALIZED VIEW monthly")
"""
GOOD_ALEMBIC = """\
op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY monthly")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A plain REFRESH of a view that was there before."""
    if seen.tree.get("concurrent") or not seen.exists(seen.table):
        return
    how, remedy = "while its query runs", "write REFRESH MATERIALIZED VIEW CONCURRENTLY"
    if seen.tree.get("skipData"):
        how, remedy = "from now on: it has no rows", f"leave WITH NO DATA out, and {remedy}"
    if lacks_a_key(seen.structure, seen.relation):
        remedy = f"give it a unique index, then {remedy}"
    yield Hazard(
        f"blocks reads on {short(seen.table)} {how}",
        remedy,
        seen.table,
        sized=True,
    )
