"""One transaction takes strong locks on two tables, one after the other.

While it waits for the second, the first stays locked; and an application that takes them in the
other order meets it in a deadlock.

Give each table a revision of its own. Without a target lockgate does not know which tables are
busy, and says this only as information.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen, short

CODE = "LG043"
NAME = "two-tables-locked"
FAMILY = Family.TRANSACTION
SEVERITY = Severity.WARNING
ON = (ALWAYS,)

BAD = """\
BEGIN;
ALTER TABLE orders ADD COLUMN note text;
ALTER TABLE people ADD COLUMN note text;
COMMIT;
"""
GOOD = """\
BEGIN;
ALTER TABLE orders ADD COLUMN note text;
COMMIT;
BEGIN;
ALTER TABLE people ADD COLUMN note text;
COMMIT;
"""
BAD_ALEMBIC = """\
op.add_column("orders", sa.Column("note", sa.Text()))
op.add_column("people", sa.Column("note", sa.Text()))
"""
GOOD_ALEMBIC = """\
op.add_column("orders", sa.Column("note", sa.Text()))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A second table, once for each transaction."""
    unit = seen.unit
    if not unit.held or not seen.in_transaction or unit.transaction in unit.note(NAME):
        return
    first = [name for name in unit.held if unit.is_table(name)]
    second = [
        e.relation
        for e in seen.effects.effects
        if e.blocks
        and e.relation not in unit.held
        and seen.exists(e.relation)
        and unit.is_table(e.relation)
    ]
    if not first or not second:
        return
    unit.note(NAME)[unit.transaction] = True
    busy = unit.target is not None and unit.busy(first[0]) and unit.busy(second[0])
    yield Hazard(
        f"waits for {short(second[0])} while {short(first[0])} stays locked"
        f" from line {unit.held[first[0]][1].line} on",
        "give each table a revision of its own",
        second[0],
        Severity.WARNING if busy else Severity.INFO,
    )
