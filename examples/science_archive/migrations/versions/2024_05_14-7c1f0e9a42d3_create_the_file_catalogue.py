"""Create the file catalogue

Revision ID: 7c1f0e9a42d3
Revises:
Create Date: 2024-05-14 09:12:40.318402

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "7c1f0e9a42d3"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

instrument = postgresql.ENUM(name="instrument", create_type=False)
data_level = postgresql.ENUM(name="data_level", create_type=False)
file_extension = postgresql.ENUM(name="file_extension", create_type=False)


def upgrade() -> None:
    op.execute("CREATE TYPE instrument AS ENUM ('aurel', 'bora', 'corvus', 'flint', 'mag', 'tarn')")
    op.execute("CREATE TYPE data_level AS ENUM ('L0', 'L1A', 'L1B', 'L2')")
    op.execute("CREATE TYPE file_extension AS ENUM ('pkts', 'cdf', 'fits', 'csv', 'json', 'png')")
    op.create_table(
        "science_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("file_name", sa.String(64), nullable=False),
        sa.Column("instrument", instrument, nullable=False),
        sa.Column("data_level", data_level, nullable=False),
        sa.Column("descriptor", sa.String(64), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("extension", file_extension, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "ingest_date",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "ingest_date >= start_time", name=op.f("ck_science_file_ingested_after_start")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_science_file")),
        sa.UniqueConstraint("file_name", name=op.f("uq_science_file_file_name")),
    )
    op.create_table(
        "ancillary_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("file_name", sa.String(64), nullable=False),
        sa.Column("instrument", instrument, nullable=False),
        sa.Column("descriptor", sa.String(64), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("extension", file_extension, nullable=False),
        sa.Column(
            "ingest_date",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "end_date IS NULL OR end_date >= start_date",
            name=op.f("ck_ancillary_file_valid_range"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ancillary_file")),
        sa.UniqueConstraint("file_name", name=op.f("uq_ancillary_file_file_name")),
    )


def downgrade() -> None:
    op.drop_table("ancillary_file")
    op.drop_table("science_file")
    # Dropping a table leaves the types of its columns behind.
    op.execute("DROP TYPE file_extension")
    op.execute("DROP TYPE data_level")
    op.execute("DROP TYPE instrument")
