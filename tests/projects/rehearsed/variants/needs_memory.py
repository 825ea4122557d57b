"""needs what a1 left in the process"""

from alembic import op
from observatory import memory

revision = "b2"
down_revision = "a1"


def upgrade():
    assert memory.magnitude_type is not None, "a1 ran in another process"
    op.execute("ALTER TABLE star ADD magnitude real")


def downgrade():
    op.execute("ALTER TABLE star DROP magnitude")
