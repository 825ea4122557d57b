"""A downgrade drops what may have rows by then, or makes a type narrower.

Between the deploy and the way back the application writes into the new column or table; the
downgrade throws that away. Where a column goes back to a type that holds less, it fails on the
first value that does not fit, or rounds it.

Know it, and keep a copy where it matters.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import dropped, narrows, whole
from lockgate.core.effects.reading import read_type
from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, listed, short
from lockgate.core.statement import Direction

CODE = "LG075"
NAME = "downgrade-loses"
FAMILY = Family.WAY_BACK
SEVERITY = Severity.INFO
ON = ("AT_DropColumn", "AT_AlterColumnType", "DropStmt", "TruncateStmt", "DeleteStmt")

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
    elif seen.kind == "DeleteStmt":
        every = whole(seen.tree.get("whereClause"), table=seen.tree.get("relation"))
        what = f"every row of {short(seen.table)}" if every else ""
    elif seen.action.get("subtype") == "AT_AlterColumnType":
        yield from _narrower(seen)
        return
    else:
        what = f"{seen.action.get('name')} of {short(seen.table)}"
    if what:
        yield Hazard(
            f"loses {what} with what was written since the upgrade",
            "keep a copy where it matters",
        )


def _narrower(seen: Seen) -> Iterator[Hazard]:
    """A column that holds less than after the upgrade."""
    column = seen.relation.columns.get(seen.action.get("name", ""))
    new = read_type(body(seen.action.get("def"), "ColumnDef").get("typeName"))
    if column is None or column.type is None or new is None:
        return
    if narrows(column.type, new):
        yield Hazard(
            f"loses what does not fit of {column.name} of {short(seen.table)}, or fails on it:"
            f" {column.type} becomes {new}",
            "keep a copy where it matters",
        )
