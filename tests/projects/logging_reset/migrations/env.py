"""A fileConfig that silences every logger there was and logs to stdout."""

import os
from logging.config import fileConfig

from alembic import context
from observatory.models import Base
from sqlalchemy import create_engine

fileConfig(context.config.config_file_name)

print("env.py speaks on stdout")
engine = create_engine(os.environ["DATABASE_URL"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
