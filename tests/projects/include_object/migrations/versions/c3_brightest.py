"""a view of the brightest, and a table that no model knows"""

from alembic import op

revision = "c3"
down_revision = "b2"


def upgrade():
    op.execute("CREATE VIEW brightest AS SELECT id FROM target")
    op.execute("CREATE TABLE legacy_catalogue (line text)")


def downgrade():
    op.execute("DROP TABLE legacy_catalogue")
    op.execute("DROP VIEW brightest")
