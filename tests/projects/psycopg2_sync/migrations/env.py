"""psycopg2, with the URL and the pool from the configuration's section."""

from alembic import context
from observatory.models import Base
from sqlalchemy import engine_from_config, pool

section = context.config.get_section(context.config.config_ini_section, {})
engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
assert engine.dialect.driver == "psycopg2"
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
