"""psycopg's async side, on an event loop of env.py's own."""

import asyncio
import os

from alembic import context
from observatory.models import Base
from sqlalchemy.ext.asyncio import create_async_engine


def run_migrations(connection):
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def run_async_migrations():
    engine = create_async_engine(os.environ["DATABASE_URL"])
    assert engine.dialect.driver == "psycopg"
    async with engine.connect() as connection:
        await connection.run_sync(run_migrations)
    await engine.dispose()


loop = asyncio.new_event_loop()
try:
    loop.run_until_complete(run_async_migrations())
finally:
    loop.close()
