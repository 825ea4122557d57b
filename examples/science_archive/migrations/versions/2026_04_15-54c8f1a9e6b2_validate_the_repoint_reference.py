"""Validate the repoint reference

Revision ID: 54c8f1a9e6b2
Revises: e07d3b62c8f4
Create Date: 2026-04-15 15:33:08.709324

"""

from collections.abc import Sequence

from alembic import op

revision: str = "54c8f1a9e6b2"
down_revision: str | Sequence[str] | None = "e07d3b62c8f4"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE science_file VALIDATE CONSTRAINT fk_science_file_repoint_id_repoint")


def downgrade() -> None:
    # A validated constraint cannot be made NOT VALID again, only replaced.
    op.drop_constraint(
        op.f("fk_science_file_repoint_id_repoint"), "science_file", type_="foreignkey"
    )
    op.create_foreign_key(
        op.f("fk_science_file_repoint_id_repoint"),
        "science_file",
        "repoint",
        ["repoint_id"],
        ["repoint_id"],
        postgresql_not_valid=True,
    )
