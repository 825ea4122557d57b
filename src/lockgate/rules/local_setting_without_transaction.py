"""SET LOCAL stands outside a transaction, where it does nothing.

PostgreSQL says so in a warning that nobody reads, and goes on: the lock_timeout that was to spare
the application is not there.

Write it into the transaction that it is for, or SET and RESET around statements that cannot be in
one.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import END, Family, Hazard, Seen, Unit

CODE = "LG049"
NAME = "local-setting-without-transaction"
FAMILY = Family.TRANSACTION
SEVERITY = Severity.WARNING
ON = ("VariableSetStmt", "TransactionStmt", END)

BAD = """\
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN note text;
"""
GOOD = """\
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN note text;
COMMIT;
"""
BAD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("VACUUM orders")
"""
GOOD_ALEMBIC = """\
op.execute("SET LOCAL lock_timeout = '2s'")
op.add_column("orders", sa.Column("note", sa.Text()))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Notes SET LOCAL where each statement is a transaction of its own."""
    notes = seen.unit.note(NAME)
    if seen.kind == "TransactionStmt":
        notes[_BEGINS] = None
    elif seen.tree.get("is_local") and not seen.in_transaction:
        notes[seen.unit.statements] = seen.tree.get("name"), seen.index, seen.line
    yield from ()


_BEGINS = "begins"


def finish(unit: Unit) -> Iterator[Hazard]:
    """Those that were meant for something that comes after them."""
    notes = unit.note(NAME)
    # A file that never says BEGIN may be run by what puts all of it into a transaction.
    sure = unit.revision is not None or _BEGINS in notes
    for place, noted in notes.items():
        if noted is not None and place + 1 < unit.statements:
            name, index, line = noted
            yield Hazard(
                f"does not set {name}: outside a transaction SET LOCAL is over at once",
                "write it after BEGIN, or SET before and RESET after",
                severity=None if sure else Severity.INFO,
                statement=index,
                line=line,
            )
