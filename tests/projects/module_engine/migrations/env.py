"""Runs on the engine of the application."""

from alembic import context
from observatory.database import engine
from observatory.models import Base

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
