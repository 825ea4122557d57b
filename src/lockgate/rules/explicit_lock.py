"""LOCK TABLE holds others up until the transaction ends.

A lock that is taken by hand is not obtained any faster, and is held for all that follows in the
transaction.

Leave it out where the statement that follows takes its own lock; otherwise take the weakest mode
that does, as late as possible, with a short lock_timeout.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, blocked

CODE = "LG016"
NAME = "explicit-lock"
FAMILY = Family.BLOCKS
SEVERITY = Severity.WARNING
ON = ("LockStmt",)

BAD = """\
BEGIN;
LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;
COMMIT;
"""
GOOD = """\
BEGIN;
LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE;
COMMIT;
"""
BAD_ALEMBIC = """\
op.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
"""
GOOD_ALEMBIC = """\
op.execute("LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A mode that blocks reads or writes on a table that was there before."""
    for effect in seen.effects.effects:
        if effect.blocks and seen.exists(effect.relation):
            yield Hazard(
                f"{blocked(effect)} until the transaction ends",
                "leave it to the statements that follow, or take a weaker mode",
                effect.relation,
                sized=True,
            )
