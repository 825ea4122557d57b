"""A search_path is set, and committed, before the revisions."""

import os

from alembic import context
from observatory.models import Base
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["DATABASE_URL"])
with engine.connect() as connection:
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS observatory"))
    connection.execute(text("SET search_path TO observatory"))
    connection.commit()
    connection.dialect.default_schema_name = "observatory"
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
