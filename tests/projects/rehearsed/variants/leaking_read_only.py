"""a session setting that forbids the next revision"""

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("SET default_transaction_read_only = on")


def downgrade():
    op.execute("RESET default_transaction_read_only")
