"""Keep updated_at by trigger

Revision ID: 4be09d6275f1
Revises: a6e31f94c07b
Create Date: 2024-11-21 08:36:02.119847

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "4be09d6275f1"
down_revision: str | Sequence[str] | None = "a6e31f94c07b"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("processing_job", "repoint")

SET_UPDATED_AT = """
CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    op.execute(SET_UPDATED_AT)
    for table in TABLES:
        op.add_column(
            table,
            sa.Column(
                "updated_at",
                sa.DateTime(timezone=True),
                server_default=sa.text("now()"),
                nullable=False,
            ),
        )
        op.execute(
            f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TRIGGER set_updated_at ON {table}")
        op.drop_column(table, "updated_at")
    op.execute("DROP FUNCTION set_updated_at()")
