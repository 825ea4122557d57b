"""the ground"""

import sqlalchemy as sa
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("CREATE SCHEMA ground")
    op.create_table(
        "dome",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("azimuth", sa.Float()),
        schema="ground",
    )
    op.create_index("ix_ground_dome_azimuth", "dome", ["azimuth"], schema="ground")


def downgrade():
    op.drop_table("dome", schema="ground")
    op.execute("DROP SCHEMA ground")
