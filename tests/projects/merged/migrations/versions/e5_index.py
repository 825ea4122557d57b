"""stars by magnitude"""

from alembic import op

revision = "e5"
down_revision = "d4"


def upgrade():
    op.execute("CREATE INDEX ix_star ON star (magnitude, name)")


def downgrade():
    op.execute("DROP INDEX ix_star")
