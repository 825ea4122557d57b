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
ON = ("VariableSetStmt", END)

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
    if seen.tree.get("is_local") and not seen.in_transaction:
        seen.unit.note(NAME)[seen.unit.statements] = seen.tree.get("name"), seen.index, seen.line
    yield from ()


def finish(unit: Unit) -> Iterator[Hazard]:
    """Those that were meant for something that comes after them."""
    for place, (name, index, line) in unit.note(NAME).items():
        if place + 1 < unit.statements:
            yield Hazard(
                f"does not set {name}: outside a transaction SET LOCAL is over at once",
                "write it after BEGIN, or SET before and RESET after",
                statement=index,
                line=line,
            )
