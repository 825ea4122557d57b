"""Widen file names

Revision ID: 092fa7e4b6cd
Revises: d83c5f1ea960
Create Date: 2025-02-25 13:09:15.287530

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "092fa7e4b6cd"
down_revision: str | Sequence[str] | None = "d83c5f1ea960"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("science_file", "ancillary_file", "quicklook_file")

LATEST_SCIENCE_FILE = """
CREATE VIEW latest_science_file AS
SELECT DISTINCT ON (instrument, data_level, descriptor, start_time, repoint_id)
    id, file_name, instrument, data_level, descriptor, start_time, repoint_id,
    version, ingest_date
FROM science_file
ORDER BY
    instrument, data_level, descriptor, start_time, repoint_id,
    version DESC
"""


def upgrade() -> None:
    # PostgreSQL does not change the type of a column that a view selects.
    op.execute("DROP VIEW latest_science_file")
    for table in TABLES:
        op.alter_column(table, "file_name", existing_type=sa.String(64), type_=sa.String(255))
    op.execute(LATEST_SCIENCE_FILE)


def downgrade() -> None:
    op.execute("DROP VIEW latest_science_file")
    for table in TABLES:
        op.alter_column(table, "file_name", existing_type=sa.String(255), type_=sa.String(64))
    op.execute(LATEST_SCIENCE_FILE)
