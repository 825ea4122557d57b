"""A partition is attached or made, and rows are read under a lock that blocks.

ATTACH PARTITION holds ACCESS EXCLUSIVE on the new partition while it reads it, and on the default
partition while it reads that for rows that belong in the new one; the application cannot use that
one meanwhile. CREATE TABLE ... PARTITION OF reads the default partition too.

Prove it first: a valid CHECK on the table that says what the bound says, and one on the default
partition that says the opposite. With them nothing is read.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, blocked

CODE = "LG012"
NAME = "partition-scans-table"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = ("AT_AttachPartition", "CreateStmt")

SCHEMA = """\
CREATE TABLE events (id int, year int) PARTITION BY RANGE (year);
CREATE TABLE events_2026 (id int, year int);
"""
BAD = """\
ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM (2026) TO (2027);
"""
GOOD = """\
ALTER TABLE events_2026 ADD CONSTRAINT bound
    CHECK (year IS NOT NULL AND year >= 2026 AND year < 2027) NOT VALID;
ALTER TABLE events_2026 VALIDATE CONSTRAINT bound;
ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM (2026) TO (2027);
"""
BAD_ALEMBIC = """\
op.execute(
    "ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM (2026) TO (2027)"
)
"""
GOOD_ALEMBIC = """\
op.execute(
    "ALTER TABLE events_2026 ADD CONSTRAINT bound"
    " CHECK (year IS NOT NULL AND year >= 2026 AND year < 2027) NOT VALID"
)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Rows that are read to see that they fit the bounds."""
    if seen.kind == "CreateStmt" and "partbound" not in seen.tree:
        return
    for effect in seen.blocking_work():
        does = "its indexes are built" if effect.builds and not effect.scans else "it is read"
        yield Hazard(
            f"{blocked(effect)} while {does}, to see which rows fit the bounds",
            "prove the bounds first with a CHECK, NOT VALID and then validated",
            effect.relation,
            sized=True,
        )
