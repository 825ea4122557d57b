"""Add release files

Revision ID: 31b9f07ce58d
Revises: 8ad4e2c6073f
Create Date: 2025-07-01 12:14:59.040316

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "31b9f07ce58d"
down_revision: str | Sequence[str] | None = "8ad4e2c6073f"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "release_file",
        sa.Column("release_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("science_file_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "released_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["science_file_id"],
            ["science_file.id"],
            name=op.f("fk_release_file_science_file_id_science_file"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("release_number", "science_file_id", name=op.f("pk_release_file")),
    )
    op.create_index(op.f("ix_release_file_science_file_id"), "release_file", ["science_file_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_release_file_science_file_id"), table_name="release_file")
    op.drop_table("release_file")
