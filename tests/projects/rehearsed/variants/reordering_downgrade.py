"""the way back puts the column at the end"""

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("ALTER TABLE star DROP name, ADD magnitude real")
    op.execute("ALTER TABLE star ADD colour text")


def downgrade():
    op.execute("ALTER TABLE star DROP magnitude, DROP colour, ADD name text")
