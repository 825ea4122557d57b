"""Try jobs three times

Revision ID: a19e75d0c4f8
Revises: 54c8f1a9e6b2
Create Date: 2026-06-30 08:55:46.332591

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a19e75d0c4f8"
down_revision: str | Sequence[str] | None = "54c8f1a9e6b2"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.alter_column(
        "processing_job",
        "max_attempts",
        existing_type=sa.Integer(),
        server_default=sa.text("3"),
        existing_server_default=sa.text("1"),
    )


def downgrade() -> None:
    op.alter_column(
        "processing_job",
        "max_attempts",
        existing_type=sa.Integer(),
        server_default=sa.text("1"),
        existing_server_default=sa.text("3"),
    )
