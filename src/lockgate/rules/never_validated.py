"""A constraint stays NOT VALID.

New rows are held to it, old ones are not, and PostgreSQL does not use it to plan or to skip a
scan.

Run VALIDATE CONSTRAINT in a later transaction or revision.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import END, Family, Hazard, Seen, Unit, short

CODE = "LG045"
NAME = "never-validated"
FAMILY = Family.CARE
SEVERITY = Severity.INFO
ON = ("AT_AddConstraint", "AT_ValidateConstraint", "AT_DropConstraint", END)

BAD = "ALTER TABLE orders ADD CONSTRAINT paid CHECK (total >= 0) NOT VALID;"
GOOD = """\
ALTER TABLE orders ADD CONSTRAINT paid CHECK (total >= 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT paid;
"""
BAD_ALEMBIC = """\
op.create_check_constraint("paid", "orders", "total >= 0", postgresql_not_valid=True)
"""
GOOD_ALEMBIC = """\
op.create_check_constraint("paid", "orders", "total >= 0", postgresql_not_valid=True)
with op.get_context().autocommit_block():
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT paid")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Notes what was added so, and strikes out what was validated or dropped."""
    notes = seen.unit.run_notes
    constraint = body(seen.action.get("def"), "Constraint")
    if not constraint:
        notes.pop((seen.table, seen.action.get("name")), None)
    elif constraint.get("skip_validation") and seen.exists(seen.table):
        name = constraint.get("conname")
        notes[seen.table, name] = Hazard(
            f"{name or 'the constraint'} of {short(seen.table)} is not proved for the rows it has",
            "run VALIDATE CONSTRAINT in a later transaction",
            seen.table,
            statement=seen.index,
            line=seen.line,
            file=seen.unit.file,
        )
    yield from ()


def finish(unit: Unit) -> Iterator[Hazard]:
    """What is left at the end of all that is linted."""
    if unit.last:
        yield from unit.run_notes.values()
