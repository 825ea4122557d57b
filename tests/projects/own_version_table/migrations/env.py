"""A version table with another name, in a schema that env.py makes where it is missing."""

import os

from alembic import context
from observatory.models import Base
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["DATABASE_URL"])
with engine.connect() as connection:
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS operations"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table="schema_revision",
        version_table_schema="operations",
        version_table_pk=False,
    )
    with context.begin_transaction():
        context.run_migrations()
