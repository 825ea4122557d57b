"""the way up cannot be gone twice"""

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("CREATE SEQUENCE counter")
    op.execute("INSERT INTO star VALUES (1)")


def downgrade():
    op.execute("DROP SEQUENCE counter")
