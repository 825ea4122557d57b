"""the way back puts the column at the end"""

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("ALTER TABLE star DROP name")


def downgrade():
    op.execute("ALTER TABLE star ADD name text")
