"""A partition is detached under a lock that stops the whole partitioned table.

DETACH PARTITION takes ACCESS EXCLUSIVE on the parent, so it waits for every query on any
partition, and everybody waits behind it.

Write DETACH PARTITION ... CONCURRENTLY, outside a transaction. It cannot be used while there is a
default partition.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.concurrently import keeps_all_partitions
from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, sets_lock_timeout, short

CODE = "LG013"
NAME = "partition-detach-blocks"
FAMILY = Family.BLOCKS
SEVERITY = Severity.WARNING
ON = ("AT_DetachPartition", "VariableSetStmt")

BAD = "ALTER TABLE events DETACH PARTITION events_2020;"
GOOD = "ALTER TABLE events DETACH PARTITION events_2020 CONCURRENTLY;"
BAD_ALEMBIC = """\
op.execute("ALTER TABLE events DETACH PARTITION events_2020")
"""
GOOD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.execute("ALTER TABLE events DETACH PARTITION events_2020 CONCURRENTLY")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A plain DETACH from a table that was there before."""
    if seen.kind == "VariableSetStmt":
        if sets_lock_timeout(seen):
            seen.unit.note(NAME)["in time"] = True
        return
    partition = body(seen.action.get("def"), "PartitionCmd")
    if partition.get("concurrent") or not seen.exists(seen.table):
        return
    remedy, severity = "write DETACH PARTITION ... CONCURRENTLY, outside a transaction", None
    if keeps_all_partitions(seen.structure, seen.relation):
        remedy = "detach it with a short lock_timeout: a default partition rules CONCURRENTLY out"
        severity = Severity.INFO if "in time" in seen.unit.note(NAME) else None
    yield Hazard(
        f"blocks reads and writes on {short(seen.table)} while it waits for its transactions",
        remedy,
        seen.table,
        severity,
        sized=True,
    )
