"""needs the temporary table of a1's session"""

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("INSERT INTO seen VALUES (1)")
    op.execute("ALTER TABLE star ADD magnitude real")


def downgrade():
    op.execute("ALTER TABLE star DROP magnitude")
