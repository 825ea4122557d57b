"""A schema for each tenant, named by -x; every tenant has a version table of its own."""

import os

from alembic import context
from observatory.models import Base
from sqlalchemy import create_engine, text

tenant = context.get_x_argument(as_dictionary=True)["tenant"]

engine = create_engine(os.environ["DATABASE_URL"])
with engine.connect() as connection:
    connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{tenant}"'))
    connection.execute(text(f'SET search_path TO "{tenant}"'))
    connection.commit()
    connection.dialect.default_schema_name = tenant
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
