"""A constraint is validated in the transaction that added it NOT VALID.

VALIDATE takes a weak lock of its own, but the strong lock of ADD CONSTRAINT is held until the
commit: the rows are read while the application waits, as if NOT VALID had not been written.

Validate in a later transaction: another revision, or after the commit.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short

CODE = "LG044"
NAME = "validated-at-once"
FAMILY = Family.TRANSACTION
SEVERITY = Severity.ERROR
ON = ("AT_ValidateConstraint", "AT_AddConstraint")

BAD = """\
BEGIN;
ALTER TABLE orders ADD CONSTRAINT paid CHECK (total >= 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT paid;
COMMIT;
"""
GOOD = """\
ALTER TABLE orders ADD CONSTRAINT paid CHECK (total >= 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT paid;
"""
BAD_ALEMBIC = """\
op.create_check_constraint("paid", "orders", "total >= 0", postgresql_not_valid=True)
op.execute("ALTER TABLE orders VALIDATE CONSTRAINT paid")
"""
GOOD_ALEMBIC = """\
op.create_check_constraint("paid", "orders", "total >= 0", postgresql_not_valid=True)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A VALIDATE where the constraint came in the same transaction or statement."""
    notes = seen.unit.note(NAME)
    if seen.action.get("subtype") == "AT_AddConstraint":
        constraint = body(seen.action.get("def"), "Constraint")
        if constraint.get("skip_validation"):
            place = (seen.unit.transaction, seen.index)
            notes[seen.table, constraint.get("conname")] = place
        return
    transaction, index = _added(notes.get((seen.table, seen.action.get("name"))))
    together = transaction and transaction == seen.unit.transaction
    if (together or index == seen.index) and seen.exists(seen.table):
        yield Hazard(
            f"reads all of {short(seen.table)} while the lock of ADD CONSTRAINT still blocks it",
            "validate in a later transaction, that is, in a revision of its own",
            seen.table,
            sized=True,
        )


def _added(place: object) -> tuple[int, int]:
    return place if isinstance(place, tuple) else (0, -1)
