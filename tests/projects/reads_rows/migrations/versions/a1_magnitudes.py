"""magnitudes as text, with rows"""

from alembic import op

revision = "a1"
down_revision = None


def upgrade():
    op.execute("CREATE TABLE star (id int PRIMARY KEY, magnitude text)")
    op.execute("INSERT INTO star VALUES (1, '-1.46'), (2, 'faint'), (3, '0.03')")


def downgrade():
    op.execute("DROP TABLE star")
