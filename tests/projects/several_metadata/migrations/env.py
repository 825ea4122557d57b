"""Two metadata in one list, each with a schema of its own."""

import os

from alembic import context
from observatory import ground, sky
from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"])
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=[sky.metadata, ground.metadata],
        include_schemas=True,
        include_name=lambda name, type_, _: type_ != "schema" or name in ("sky", "ground"),
    )
    with context.begin_transaction():
        context.run_migrations()
