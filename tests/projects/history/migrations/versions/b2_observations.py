"""observations of targets"""

import sqlalchemy as sa
from alembic import op

revision = "b2"
down_revision = "a1"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "observation",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("target_id", sa.Integer(), sa.ForeignKey("target.id"), nullable=False),
        sa.Column("exposure_s", sa.Float()),
    )
    op.create_index("ix_observation_target_id", "observation", ["target_id"])


def downgrade():
    op.drop_index("ix_observation_target_id", "observation")
    op.drop_table("observation")
