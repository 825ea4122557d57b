"""Runs on the async engine of the application, and leaves it open."""

import asyncio

from alembic import context
from observatory.database import engine
from observatory.models import Base


def run_migrations(connection):
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def run_async_migrations():
    async with engine.connect() as connection:
        await connection.run_sync(run_migrations)


asyncio.run(run_async_migrations())
