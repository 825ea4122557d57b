"""an index made anew while others read and write"""

from alembic import op

revision = "c3"
down_revision = "b2"


def remake():
    with op.get_context().autocommit_block():
        op.drop_index("ix_observation_target_id", "observation", postgresql_concurrently=True)
        op.create_index(
            "ix_observation_target_id",
            "observation",
            ["target_id"],
            postgresql_concurrently=True,
        )


def upgrade():
    op.execute("ANALYZE observation")
    remake()


def downgrade():
    remake()
