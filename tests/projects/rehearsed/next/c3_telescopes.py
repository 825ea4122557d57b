"""a revision that is good, if nothing leaks into it"""

from alembic import op

revision = "c3"
down_revision = "b2"


def upgrade():
    op.execute("CREATE TABLE telescope (id int PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE telescope")
