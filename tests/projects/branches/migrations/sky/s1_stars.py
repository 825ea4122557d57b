"""stars"""

from alembic import op

revision = "s1"
down_revision = None
branch_labels = ("sky",)


def upgrade():
    op.execute("CREATE TABLE star (id int PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE star")
