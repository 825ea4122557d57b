"""asyncpg, in the shape of Alembic's own async template."""

import asyncio
import os

from alembic import context
from observatory.models import Base
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine


def run_migrations(connection):
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def run_async_migrations():
    engine = create_async_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
    assert engine.dialect.driver == "asyncpg"
    async with engine.connect() as connection:
        await connection.run_sync(run_migrations)
    await engine.dispose()


asyncio.run(run_async_migrations())
