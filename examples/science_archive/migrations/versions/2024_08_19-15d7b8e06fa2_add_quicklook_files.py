"""Add quicklook files

Revision ID: 15d7b8e06fa2
Revises: e94a3c7d1805
Create Date: 2024-08-19 16:27:51.006734

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "15d7b8e06fa2"
down_revision: str | Sequence[str] | None = "e94a3c7d1805"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

instrument = postgresql.ENUM(name="instrument", create_type=False)
file_extension = postgresql.ENUM(name="file_extension", create_type=False)


def upgrade() -> None:
    op.create_table(
        "quicklook_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("file_name", sa.String(64), nullable=False),
        sa.Column("instrument", instrument, nullable=False),
        sa.Column("descriptor", sa.String(64), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("extension", file_extension, server_default=sa.text("'png'"), nullable=False),
        sa.Column(
            "ingested_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quicklook_file")),
        sa.UniqueConstraint("file_name", name=op.f("uq_quicklook_file_file_name")),
    )
    op.create_index(
        "ix_quicklook_file_instrument_start_time", "quicklook_file", ["instrument", "start_time"]
    )


def downgrade() -> None:
    op.drop_index("ix_quicklook_file_instrument_start_time", table_name="quicklook_file")
    op.drop_table("quicklook_file")
