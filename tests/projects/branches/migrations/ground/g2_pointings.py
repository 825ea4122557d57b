"""domes point at named stars"""

from alembic import op

revision = "g2"
down_revision = "g1"
depends_on = "s2"


def upgrade():
    op.execute("ALTER TABLE dome ADD star_id int REFERENCES star")
    op.execute("CREATE VIEW pointing AS SELECT dome.id, name FROM dome JOIN star ON star_id = star.id")


def downgrade():
    op.execute("DROP VIEW pointing")
    op.execute("ALTER TABLE dome DROP star_id")
