"""The team keeps a note of its own on the version table, in each revision's transaction."""

import os

from alembic import context
from observatory.models import Base
from sqlalchemy import create_engine, text


def note(*, ctx, step, heads, run_args):
    way = "up" if step.is_upgrade else "down"
    ctx.connection.execute(
        text(f"COMMENT ON TABLE alembic_version IS '{step.up_revision_id} {way}'")
    )


engine = create_engine(os.environ["DATABASE_URL"])
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=Base.metadata, on_version_apply=note
    )
    with context.begin_transaction():
        context.run_migrations()
