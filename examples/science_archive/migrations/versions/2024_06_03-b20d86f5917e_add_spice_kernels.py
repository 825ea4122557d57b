"""Add SPICE kernels

Revision ID: b20d86f5917e
Revises: 7c1f0e9a42d3
Create Date: 2024-06-03 14:41:07.902115

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "b20d86f5917e"
down_revision: str | Sequence[str] | None = "7c1f0e9a42d3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

kernel_type = postgresql.ENUM(name="kernel_type", create_type=False)


def upgrade() -> None:
    op.execute("CREATE TYPE kernel_type AS ENUM ('ck', 'fk', 'lsk', 'pck', 'sclk', 'spk')")
    op.create_table(
        "spice_kernel",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("kernel_type", kernel_type, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("min_et", sa.Float(), nullable=True),
        sa.Column("max_et", sa.Float(), nullable=True),
        sa.Column("intervals", postgresql.JSONB(), nullable=True),
        sa.Column(
            "ingested_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spice_kernel")),
        sa.UniqueConstraint("file_name", name=op.f("uq_spice_kernel_file_name")),
    )
    op.create_index(
        op.f("ix_spice_kernel_kernel_type_min_et"), "spice_kernel", ["kernel_type", "min_et"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_spice_kernel_kernel_type_min_et"), table_name="spice_kernel")
    op.drop_table("spice_kernel")
    op.execute("DROP TYPE kernel_type")
