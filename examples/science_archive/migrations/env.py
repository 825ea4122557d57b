"""Runs the catalogue's revisions on the database that DATABASE_URL names."""

from __future__ import annotations

from logging.config import fileConfig

import science_archive.ddl  # noqa: F401  (the view and the triggers hang on the metadata)
from alembic import context
from science_archive.database import database_url
from science_archive.models import Base
from sqlalchemy import create_engine, pool

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)

target_metadata = Base.metadata


def run_migrations_offline() -> None:
    """Print the SQL of `alembic upgrade --sql`; needs no database."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=target_metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    """Run the revisions, each in a transaction of its own.

    One transaction for all would not do: PostgreSQL refuses to use an enum value before the
    transaction that added it has committed.
    """
    engine = create_engine(database_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=target_metadata,
            compare_type=True,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
