"""domes"""

from alembic import op

revision = "g1"
down_revision = None
branch_labels = ("ground",)


def upgrade():
    op.execute("CREATE TABLE dome (id int PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE dome")
