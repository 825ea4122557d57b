"""Hooks of autogenerate: what counts as another type, and what becomes of a new revision."""

import os

import sqlalchemy as sa
from alembic import context
from observatory.models import Base

# A newer model than the database's, and the hook below says that it is none.
Base.metadata.tables["target"].c.name.type = sa.String(99)


def compare_type(context, inspected, column, inspected_type, metadata_type):
    if column.name == "name":
        return False
    return None


def number_revisions(context, revision, directives):
    script = directives[0]
    if script.upgrade_ops.is_empty():
        directives[:] = []
    else:
        script.rev_id = f"n{len(list(context.script.walk_revisions())) + 1:03}"


engine = sa.create_engine(os.environ["DATABASE_URL"])
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=compare_type,
        compare_server_default=True,
        process_revision_directives=number_revisions,
    )
    with context.begin_transaction():
        context.run_migrations()
