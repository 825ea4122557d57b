"""Reference repoint from science_file

Revision ID: e07d3b62c8f4
Revises: b5f94e1d807a
Create Date: 2026-03-24 11:06:32.145870

"""

from collections.abc import Sequence

from alembic import op

revision: str = "e07d3b62c8f4"
down_revision: str | Sequence[str] | None = "b5f94e1d807a"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # NOT VALID: new rows are checked at once, those of years past in the next revision,
    # which does not keep ingest waiting.
    op.create_foreign_key(
        op.f("fk_science_file_repoint_id_repoint"),
        "science_file",
        "repoint",
        ["repoint_id"],
        ["repoint_id"],
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_constraint(
        op.f("fk_science_file_repoint_id_repoint"), "science_file", type_="foreignkey"
    )
