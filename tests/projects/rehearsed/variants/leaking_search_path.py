"""a session setting that the next revision does not expect"""

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("CREATE SCHEMA archive")
    op.execute("SET search_path TO archive, public")


def downgrade():
    op.execute("DROP SCHEMA archive")
    op.execute("RESET search_path")
