"""no way back, on purpose"""

from alembic import op

irreversible = "the names are gone"
revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("ALTER TABLE star DROP name")


def downgrade():
    pass
