"""A statement stands in a transaction that PostgreSQL only runs outside one.

CREATE INDEX CONCURRENTLY and its kind, VACUUM, CREATE DATABASE, ALTER SYSTEM and others commit by
themselves, and are refused in a transaction. Alembic opens one for every revision.

Put it into `with op.get_context().autocommit_block():`, in a revision of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effect import Transactional
from lockgate.core.finding import Severity
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen

CODE = "LG040"
NAME = "concurrent-in-transaction"
FAMILY = Family.TRANSACTION
SEVERITY = Severity.ERROR
ON = (ALWAYS,)

BAD = """\
BEGIN;
CREATE INDEX CONCURRENTLY ix_orders_placed ON orders (placed);
COMMIT;
"""
GOOD = "CREATE INDEX CONCURRENTLY ix_orders_placed ON orders (placed);"
BAD_ALEMBIC = """\
op.create_index("ix_orders_placed", "orders", ["placed"], postgresql_concurrently=True)
"""
GOOD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.create_index(
        "ix_orders_placed", "orders", ["placed"], postgresql_concurrently=True
    )
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Anything that cannot run where it stands."""
    if seen.in_transaction and seen.effects.transaction is Transactional.FORBIDDEN:
        yield Hazard(
            "fails: PostgreSQL does not run it inside a transaction",
            "put it outside, with Alembic in an autocommit_block() of a revision of its own",
        )
