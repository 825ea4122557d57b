"""Require a repoint for L1C

Revision ID: b5f94e1d807a
Revises: 2d7a60e5f3c9
Create Date: 2026-02-12 09:18:54.476029

"""

from collections.abc import Sequence

from alembic import op

revision: str = "b5f94e1d807a"
down_revision: str | Sequence[str] | None = "2d7a60e5f3c9"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # A revision of its own: L1C cannot be used before the transaction that added it commits.
    op.create_check_constraint(
        op.f("ck_science_file_l1c_has_repoint"),
        "science_file",
        "data_level <> 'L1C' OR repoint_id IS NOT NULL",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_science_file_l1c_has_repoint"), "science_file", type_="check")
