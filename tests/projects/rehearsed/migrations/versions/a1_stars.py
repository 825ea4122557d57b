"""stars"""

from alembic import op
from observatory import memory

revision = "a1"
down_revision = None


def upgrade():
    op.execute("CREATE TABLE star (id int PRIMARY KEY, name text, epoch real)")
    op.execute("CREATE TEMPORARY TABLE seen (id int)")
    memory.magnitude_type = "real"


def downgrade():
    op.execute("DROP TABLE star")
