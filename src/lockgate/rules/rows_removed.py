"""All rows of a table are removed.

TRUNCATE, and DELETE without WHERE (or WHERE true), leave nothing, and no downgrade brings the
rows back. TRUNCATE also stops reads and writes; DELETE holds a lock on every row until the
transaction ends, and leaves as many dead rows behind.

If the rows may go, say so: `-- lockgate: allow LG034 because they are a cache`. Delete the rows
of a large table in batches, outside the revision.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import merges, whole
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short

CODE = "LG034"
NAME = "rows-removed"
FAMILY = Family.BREAKS
SEVERITY = Severity.ERROR
ON = ("TruncateStmt", "DeleteStmt", "MergeStmt")

BAD = "TRUNCATE orders;"
GOOD = "DELETE FROM orders WHERE id = 7;"
BAD_ALEMBIC = """\
op.execute("TRUNCATE orders")
"""
GOOD_ALEMBIC = """\
op.execute("DELETE FROM orders WHERE id = 7")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A table that was there before and is empty afterwards."""
    tree = seen.tree
    if seen.kind == "TruncateStmt":
        names = [seen.name(node["RangeVar"]) for node in tree.get("relations", ())]
    elif seen.kind == "MergeStmt":
        all_meet = whole(tree.get("joinCondition")) and merges(tree, "CMD_DELETE")
        names = [seen.table] if all_meet else []
    else:
        names = [seen.table] if whole(tree.get("whereClause")) else []
    for name in names:
        if seen.exists(name):
            yield Hazard(
                f"removes every row of {short(name)}",
                "delete in batches with a WHERE, or say with `lockgate: allow` why they may go",
                name,
                sized=True,
            )
