"""the way up does not work"""

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("ALTER TABLE stars ADD magnitude real")


def downgrade():
    op.execute("ALTER TABLE star DROP magnitude")
