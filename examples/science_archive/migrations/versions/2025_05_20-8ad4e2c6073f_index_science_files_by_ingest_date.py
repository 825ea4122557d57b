"""Index science files by ingest date

Revision ID: 8ad4e2c6073f
Revises: f5607b3d91ae
Create Date: 2025-05-20 10:31:44.592088

"""

from collections.abc import Sequence

from alembic import op

revision: str = "8ad4e2c6073f"
down_revision: str | Sequence[str] | None = "f5607b3d91ae"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # Ingest runs around the clock and must be able to write while the index is built.
    with op.get_context().autocommit_block():
        op.create_index(
            op.f("ix_science_file_ingest_date"),
            "science_file",
            ["ingest_date"],
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(
            op.f("ix_science_file_ingest_date"),
            table_name="science_file",
            postgresql_concurrently=True,
        )
