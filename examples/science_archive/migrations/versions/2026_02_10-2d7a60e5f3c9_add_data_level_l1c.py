"""Add data level L1C

Revision ID: 2d7a60e5f3c9
Revises: 9e18c4f7d2b0
Create Date: 2026-02-10 10:40:05.251798

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2d7a60e5f3c9"
down_revision: str | Sequence[str] | None = "9e18c4f7d2b0"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("science_file", "processing_job")

LATEST_SCIENCE_FILE = """
CREATE VIEW latest_science_file AS
SELECT DISTINCT ON (instrument, data_level, descriptor, start_time, repoint_id)
    id, file_name, instrument, data_level, descriptor, start_time, repoint_id,
    major_version, minor_version, ingested_at
FROM science_file
ORDER BY
    instrument, data_level, descriptor, start_time, repoint_id,
    major_version DESC, minor_version DESC
"""


def upgrade() -> None:
    op.execute("ALTER TYPE data_level ADD VALUE 'L1C' AFTER 'L1B'")


def downgrade() -> None:
    # PostgreSQL cannot drop a value, so the type is built anew; the lock keeps new uses out.
    op.execute(f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
    for table in TABLES:
        _refuse_l1c(table)
    op.execute("DROP VIEW latest_science_file")
    op.execute("ALTER TYPE data_level RENAME TO data_level_with_l1c")
    op.execute("CREATE TYPE data_level AS ENUM ('L0', 'L1A', 'L1B', 'L2')")
    for table in TABLES:
        op.execute(
            f"ALTER TABLE {table} "
            "ALTER COLUMN data_level TYPE data_level USING data_level::text::data_level"
        )
    op.execute("DROP TYPE data_level_with_l1c")
    op.execute(LATEST_SCIENCE_FILE)


def _refuse_l1c(name: str) -> None:
    table = sa.table(name, sa.column("data_level"))
    at_l1c = sa.cast(table.c.data_level, sa.Text) == "L1C"
    rows = op.get_bind().scalar(sa.select(sa.func.count()).select_from(table).where(at_l1c))
    if rows:
        raise ValueError(f"{name} has {rows} rows at level L1C: delete them before downgrading")
