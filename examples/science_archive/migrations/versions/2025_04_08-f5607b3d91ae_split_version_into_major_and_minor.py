"""Split version into major and minor

Revision ID: f5607b3d91ae
Revises: 092fa7e4b6cd
Create Date: 2025-04-08 09:47:26.831974

"""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "f5607b3d91ae"
down_revision: str | Sequence[str] | None = "092fa7e4b6cd"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("science_file", "ancillary_file")

VERSION = re.compile(r"v(\d{3,})(?:\.(\d{4,}))?", re.ASCII)

VIEW_WITH_TEXT = """
CREATE VIEW latest_science_file AS
SELECT DISTINCT ON (instrument, data_level, descriptor, start_time, repoint_id)
    id, file_name, instrument, data_level, descriptor, start_time, repoint_id,
    version, ingest_date
FROM science_file
ORDER BY
    instrument, data_level, descriptor, start_time, repoint_id,
    version DESC
"""

VIEW_WITH_NUMBERS = """
CREATE VIEW latest_science_file AS
SELECT DISTINCT ON (instrument, data_level, descriptor, start_time, repoint_id)
    id, file_name, instrument, data_level, descriptor, start_time, repoint_id,
    major_version, minor_version, ingest_date
FROM science_file
ORDER BY
    instrument, data_level, descriptor, start_time, repoint_id,
    major_version DESC, minor_version DESC
"""


def upgrade() -> None:
    op.execute("DROP VIEW latest_science_file")
    for table in TABLES:
        op.add_column(table, sa.Column("major_version", sa.Integer(), nullable=True))
        op.add_column(table, sa.Column("minor_version", sa.Integer(), nullable=True))
        _numbers_from_text(table)
        op.alter_column(table, "major_version", nullable=False)
        op.alter_column(table, "minor_version", nullable=False)
        op.drop_column(table, "version")
    op.execute(VIEW_WITH_NUMBERS)


def downgrade() -> None:
    op.execute("DROP VIEW latest_science_file")
    for table in reversed(TABLES):
        op.add_column(table, sa.Column("version", sa.String(16), nullable=True))
        _text_from_numbers(table)
        op.alter_column(table, "version", nullable=False)
        op.drop_column(table, "minor_version")
        op.drop_column(table, "major_version")
    op.execute(VIEW_WITH_TEXT)


def _numbers_from_text(name: str) -> None:
    """Read `v001` as 1 and 0, and `v001.0002`, which a downgrade leaves, as 1 and 2."""
    file = _file(name)
    connection = op.get_bind()
    for version in connection.scalars(sa.select(file.c.version).distinct()).all():
        match = VERSION.fullmatch(version)
        if match is None:
            raise ValueError(f'{name} has a version that is no version: "{version}"')
        major, minor = match.groups(default="0")
        connection.execute(
            file.update()
            .where(file.c.version == version)
            .values(major_version=int(major), minor_version=int(minor))
        )


def _text_from_numbers(name: str) -> None:
    """Write 1 and 0 as `v001`, 1 and 2 as `v001.0002`."""
    file = _file(name)
    connection = op.get_bind()
    pairs = sa.select(file.c.major_version, file.c.minor_version).distinct()
    for major, minor in connection.execute(pairs).all():
        version = f"v{major:03}.{minor:04}" if minor else f"v{major:03}"
        connection.execute(
            file.update()
            .where(file.c.major_version == major, file.c.minor_version == minor)
            .values(version=version)
        )


def _file(name: str) -> sa.TableClause:
    return sa.table(
        name,
        sa.column("version", sa.String),
        sa.column("major_version", sa.Integer),
        sa.column("minor_version", sa.Integer),
    )
