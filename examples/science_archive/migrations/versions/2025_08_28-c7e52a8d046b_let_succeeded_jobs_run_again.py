"""Let succeeded jobs run again

Revision ID: c7e52a8d046b
Revises: 31b9f07ce58d
Create Date: 2025-08-28 17:02:10.385661

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c7e52a8d046b"
down_revision: str | Sequence[str] | None = "31b9f07ce58d"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    _replace_active_index("status = 'in_progress'")


def downgrade() -> None:
    _replace_active_index("status IN ('in_progress', 'succeeded')")


def _replace_active_index(predicate: str) -> None:
    """Build the index anew: PostgreSQL cannot alter a predicate, nor Alembic see it change."""
    op.drop_index("uq_processing_job_active", table_name="processing_job")
    op.create_index(
        "uq_processing_job_active",
        "processing_job",
        ["instrument", "data_level", "descriptor", "start_time"],
        unique=True,
        postgresql_where=sa.text(predicate),
    )
