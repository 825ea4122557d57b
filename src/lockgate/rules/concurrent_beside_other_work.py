"""A revision does work in a transaction and something outside one.

Where the two meet Alembic commits. If what follows fails, the first half stays and the version
table does not know of it: run again, the revision fails on what is there already.

Give what runs outside a transaction a revision of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effect import Transactional
from lockgate.core.finding import Severity
from lockgate.core.rule import ALWAYS, END, Family, Hazard, Seen, Unit

CODE = "LG041"
NAME = "concurrent-beside-other-work"
FAMILY = Family.TRANSACTION
SEVERITY = Severity.WARNING
ON = (ALWAYS, END)

BAD = """\
BEGIN;
ALTER TABLE orders ADD COLUMN placed date;
COMMIT;
CREATE INDEX CONCURRENTLY ix_orders_placed ON orders (placed);
"""
GOOD = "CREATE INDEX CONCURRENTLY ix_orders_placed ON orders (placed);"
BAD_ALEMBIC = """\
op.add_column("orders", sa.Column("placed", sa.Date()))
with op.get_context().autocommit_block():
    op.create_index(
        "ix_orders_placed", "orders", ["placed"], postgresql_concurrently=True
    )
"""
GOOD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.create_index(
        "ix_orders_placed", "orders", ["placed"], postgresql_concurrently=True
    )
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Notes the first statement that changes something in a transaction."""
    notes = seen.unit.note(NAME)
    allowed = seen.effects.transaction is not Transactional.FORBIDDEN
    if not notes and allowed and seen.in_transaction and seen.kind not in _IDLE:
        notes["line"] = seen.line
    yield from ()


def finish(unit: Unit) -> Iterator[Hazard]:
    """Both kinds in one Revision or file."""
    concurrent, line = unit.concurrent, unit.note(NAME).get("line")
    if concurrent is not None and not concurrent.transaction and line is not None:
        yield Hazard(
            f"stands beside the work of line {line}: if one of them fails, the other stays",
            "move what runs outside a transaction to a revision of its own",
            statement=concurrent.index,
            line=concurrent.line,
        )


_IDLE = ("TransactionStmt", "VariableSetStmt", "VariableShowStmt", "SelectStmt", "")
