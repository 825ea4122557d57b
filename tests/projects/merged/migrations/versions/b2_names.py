"""names of stars"""

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("ALTER TABLE star ADD name text")


def downgrade():
    op.execute("ALTER TABLE star DROP name")
