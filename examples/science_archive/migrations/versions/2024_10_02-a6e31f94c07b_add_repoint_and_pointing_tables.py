"""Add repoint and pointing tables

Revision ID: a6e31f94c07b
Revises: 15d7b8e06fa2
Create Date: 2024-10-02 11:58:19.773260

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a6e31f94c07b"
down_revision: str | Sequence[str] | None = "15d7b8e06fa2"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "repoint",
        sa.Column("repoint_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_sclk", sa.Float(), nullable=False),
        sa.Column("end_sclk", sa.Float(), nullable=True),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "end_time IS NULL OR end_time > start_time", name=op.f("ck_repoint_ends_after_start")
        ),
        sa.PrimaryKeyConstraint("repoint_id", name=op.f("pk_repoint")),
    )
    op.create_index(op.f("ix_repoint_start_time"), "repoint", ["start_time"])
    op.create_table(
        "pointing",
        sa.Column("pointing_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kernel_file_name", sa.String(255), nullable=False),
        sa.Column("repoint_id", sa.Integer(), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spin_axis_ra_deg", sa.Float(), nullable=False),
        sa.Column("spin_axis_dec_deg", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repoint_id"], ["repoint.repoint_id"], name=op.f("fk_pointing_repoint_id_repoint")
        ),
        sa.PrimaryKeyConstraint("pointing_id", "kernel_file_name", name=op.f("pk_pointing")),
    )
    op.add_column("science_file", sa.Column("repoint_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("science_file", "repoint_id")
    op.drop_table("pointing")
    op.drop_index(op.f("ix_repoint_start_time"), table_name="repoint")
    op.drop_table("repoint")
