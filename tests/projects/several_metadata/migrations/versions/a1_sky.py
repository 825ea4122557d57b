"""the sky"""

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade():
    op.execute("CREATE SCHEMA sky")
    op.create_table(
        "star",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(40)),
        schema="sky",
    )


def downgrade():
    op.drop_table("star", schema="sky")
    op.execute("DROP SCHEMA sky")
