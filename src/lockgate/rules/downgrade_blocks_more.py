"""The way back stops the application where the way there did not.

A downgrade is run when something is wrong already. If it builds an index plainly, or writes a
table anew, that is the worst moment for it; and what PostgreSQL refuses in a transaction it
refuses there too.

Write it with the same forms as the upgrade.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effect import Transactional
from lockgate.core.finding import Severity
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen, blocked
from lockgate.core.statement import Direction

CODE = "LG076"
NAME = "downgrade-blocks-more"
FAMILY = Family.WAY_BACK
SEVERITY = Severity.WARNING
ON = (ALWAYS,)

BAD = "CREATE INDEX ix_orders_placed ON orders (placed);"
GOOD = "SELECT 1;"
BAD_ALEMBIC = """\
import sqlalchemy as sa
from alembic import op

revision = "abc"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_placed", postgresql_concurrently=True)


def downgrade() -> None:
    op.create_index("ix_orders_placed", "orders", ["placed"])
"""
GOOD_ALEMBIC = """\
op.execute("SELECT 1")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Work under a lock on the way back, on a table that the upgrade spared."""
    if seen.unit.direction is not Direction.DOWN:
        return
    if seen.in_transaction and seen.effects.transaction is Transactional.FORBIDDEN:
        yield Hazard(
            "fails on the way back: PostgreSQL does not run it inside a transaction",
            "put it into an autocommit_block()",
        )
    for effect in seen.blocking_work():
        if effect.relation not in seen.unit.worked_up:
            yield Hazard(
                f"{blocked(effect)} on the way back, and the upgrade did not",
                "write the downgrade with forms that do not block",
                effect.relation,
                sized=True,
            )
            return
