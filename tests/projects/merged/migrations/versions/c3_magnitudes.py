"""magnitudes of stars"""

from alembic import op

revision = "c3"
down_revision = "a1"


def upgrade():
    op.execute("ALTER TABLE star ADD magnitude real")


def downgrade():
    op.execute("ALTER TABLE star DROP magnitude")
