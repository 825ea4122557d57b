"""A downgrade drops what may have rows by then.

Between the deploy and the way back the application writes into the new column or table; the
downgrade throws that away.

Know it, and keep a copy where it matters.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import dropped
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, listed, short
from lockgate.core.statement import Direction

CODE = "LG075"
NAME = "downgrade-loses"
FAMILY = Family.WAY_BACK
SEVERITY = Severity.INFO
ON = ("AT_DropColumn", "DropStmt", "TruncateStmt")

BAD = "ALTER TABLE orders DROP COLUMN note;"
GOOD = "SELECT 1;"
BAD_ALEMBIC = """\
import sqlalchemy as sa
from alembic import op

revision = "abc"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("note", sa.Text()))


def downgrade() -> None:
    op.drop_column("orders", "note")
"""
GOOD_ALEMBIC = """\
op.execute("SELECT 1")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A column or table that goes with what was written since."""
    if seen.unit.direction is not Direction.DOWN:
        return
    if seen.kind == "DropStmt":
        names = list(dropped(seen.tree)) if seen.tree.get("removeType") == "OBJECT_TABLE" else []
        what = listed(".".join(parts) for parts in names)
    elif seen.kind == "TruncateStmt":
        what = "the rows"
    else:
        what = f"{seen.action.get('name')} of {short(seen.table)}"
    if what:
        yield Hazard(
            f"loses {what} with what was written since the upgrade",
            "keep a copy where it matters",
        )
