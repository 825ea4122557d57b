"""a revision that lives beside the models"""

from alembic import op

revision = "c3"
down_revision = "b2"


def upgrade():
    op.create_check_constraint("exposure_is_positive", "observation", "exposure_s > 0")


def downgrade():
    op.drop_constraint("exposure_is_positive", "observation")
