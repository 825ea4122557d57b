"""Identify pointing kernels by id

Revision ID: 6f0da3b1e927
Revises: c7e52a8d046b
Create Date: 2025-10-14 09:25:37.718453

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "6f0da3b1e927"
down_revision: str | Sequence[str] | None = "c7e52a8d046b"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

pointing = sa.table(
    "pointing",
    sa.column("kernel_file_name", sa.String),
    sa.column("kernel_id", sa.BigInteger),
)
spice_kernel = sa.table(
    "spice_kernel",
    sa.column("id", sa.BigInteger),
    sa.column("file_name", sa.String),
)


def upgrade() -> None:
    op.add_column("pointing", sa.Column("kernel_id", sa.BigInteger(), nullable=True))
    op.execute(
        pointing.update()
        .where(pointing.c.kernel_file_name == spice_kernel.c.file_name)
        .values(kernel_id=spice_kernel.c.id)
    )
    _refuse_unknown_kernels()
    op.drop_constraint(op.f("pk_pointing"), "pointing", type_="primary")
    op.drop_column("pointing", "kernel_file_name")
    op.create_primary_key(op.f("pk_pointing"), "pointing", ["pointing_id", "kernel_id"])
    op.create_foreign_key(
        op.f("fk_pointing_kernel_id_spice_kernel"),
        "pointing",
        "spice_kernel",
        ["kernel_id"],
        ["id"],
    )


def downgrade() -> None:
    op.add_column("pointing", sa.Column("kernel_file_name", sa.String(255), nullable=True))
    op.execute(
        pointing.update()
        .where(pointing.c.kernel_id == spice_kernel.c.id)
        .values(kernel_file_name=spice_kernel.c.file_name)
    )
    op.drop_constraint(op.f("fk_pointing_kernel_id_spice_kernel"), "pointing", type_="foreignkey")
    op.drop_constraint(op.f("pk_pointing"), "pointing", type_="primary")
    op.drop_column("pointing", "kernel_id")
    op.create_primary_key(op.f("pk_pointing"), "pointing", ["pointing_id", "kernel_file_name"])


def _refuse_unknown_kernels() -> None:
    unknown = op.get_bind().scalars(
        sa.select(pointing.c.kernel_file_name)
        .where(pointing.c.kernel_id.is_(None))
        .distinct()
        .order_by(pointing.c.kernel_file_name)
    )
    if names := ", ".join(unknown):
        raise ValueError(f"pointing names kernels that spice_kernel does not have: {names}")
