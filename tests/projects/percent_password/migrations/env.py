"""The URL goes through ConfigParser, which reads % as the beginning of an interpolation."""

import os

from alembic import context
from observatory.models import Base
from sqlalchemy import engine_from_config

config = context.config
config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"].replace("%", "%%"))
engine = engine_from_config(config.get_section(config.config_ini_section))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
