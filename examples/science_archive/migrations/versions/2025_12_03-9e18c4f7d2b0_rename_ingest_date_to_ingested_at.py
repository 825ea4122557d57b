"""Rename ingest_date to ingested_at

Revision ID: 9e18c4f7d2b0
Revises: 6f0da3b1e927
Create Date: 2025-12-03 14:53:21.967142

"""

from collections.abc import Sequence

from alembic import op

revision: str = "9e18c4f7d2b0"
down_revision: str | Sequence[str] | None = "6f0da3b1e927"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("science_file", "ancillary_file")


def upgrade() -> None:
    _rename("ingest_date", "ingested_at")


def downgrade() -> None:
    _rename("ingested_at", "ingest_date")


def _rename(old: str, new: str) -> None:
    """Rename the columns and what bears their name and would keep it."""
    server_version = op.get_bind().dialect.server_version_info
    for table in TABLES:
        op.alter_column(table, old, new_column_name=new)
        # PostgreSQL 18 stores NOT NULL as a constraint, named when the column was made.
        if server_version and server_version >= (18,):
            op.execute(
                f"ALTER TABLE {table} "
                f"RENAME CONSTRAINT {table}_{old}_not_null TO {table}_{new}_not_null"
            )
    op.execute(f"ALTER INDEX ix_science_file_{old} RENAME TO ix_science_file_{new}")
    op.execute(f"ALTER VIEW latest_science_file RENAME COLUMN {old} TO {new}")
