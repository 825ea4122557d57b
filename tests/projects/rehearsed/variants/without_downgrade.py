"""no way back was written"""

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("ALTER TABLE star ADD magnitude real")
