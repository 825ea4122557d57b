"""Add the view latest_science_file

Revision ID: d83c5f1ea960
Revises: 4be09d6275f1
Create Date: 2025-01-16 15:20:48.664209

"""

from collections.abc import Sequence

from alembic import op

revision: str = "d83c5f1ea960"
down_revision: str | Sequence[str] | None = "4be09d6275f1"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        """
        CREATE VIEW latest_science_file AS
        SELECT DISTINCT ON (instrument, data_level, descriptor, start_time, repoint_id)
            id, file_name, instrument, data_level, descriptor, start_time, repoint_id,
            version, ingest_date
        FROM science_file
        ORDER BY
            instrument, data_level, descriptor, start_time, repoint_id,
            version DESC
        """
    )


def downgrade() -> None:
    op.execute("DROP VIEW latest_science_file")
