"""names of stars"""

from alembic import op

revision = "s2"
down_revision = "s1"


def upgrade():
    op.execute("ALTER TABLE star ADD name text")


def downgrade():
    op.execute("ALTER TABLE star DROP name")
