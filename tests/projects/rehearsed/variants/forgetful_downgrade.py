"""the way back forgets the index"""

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("CREATE INDEX ix_name ON star (name)")
    op.execute("ALTER TABLE star ADD magnitude real")


def downgrade():
    op.execute("ALTER TABLE star DROP magnitude")
