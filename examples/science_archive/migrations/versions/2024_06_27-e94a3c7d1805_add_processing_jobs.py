"""Add processing jobs

Revision ID: e94a3c7d1805
Revises: b20d86f5917e
Create Date: 2024-06-27 10:05:33.450981

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "e94a3c7d1805"
down_revision: str | Sequence[str] | None = "b20d86f5917e"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

instrument = postgresql.ENUM(name="instrument", create_type=False)
data_level = postgresql.ENUM(name="data_level", create_type=False)
job_status = postgresql.ENUM(name="job_status", create_type=False)


def upgrade() -> None:
    op.execute("CREATE TYPE job_status AS ENUM ('pending', 'in_progress', 'succeeded', 'failed')")
    op.create_table(
        "processing_job",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("instrument", instrument, nullable=False),
        sa.Column("data_level", data_level, nullable=False),
        sa.Column("descriptor", sa.String(64), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", job_status, server_default=sa.text("'pending'"), nullable=False),
        sa.Column("batch_job_id", sa.String(128), nullable=True),
        sa.Column("container_image", sa.String(255), nullable=True),
        sa.Column("max_attempts", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "submitted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processing_job")),
        sa.UniqueConstraint("batch_job_id", name=op.f("uq_processing_job_batch_job_id")),
    )
    op.create_index(
        "uq_processing_job_active",
        "processing_job",
        ["instrument", "data_level", "descriptor", "start_time"],
        unique=True,
        postgresql_where=sa.text("status IN ('in_progress', 'succeeded')"),
    )


def downgrade() -> None:
    op.drop_index("uq_processing_job_active", table_name="processing_job")
    op.drop_table("processing_job")
    op.execute("DROP TYPE job_status")
