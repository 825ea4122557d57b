"""The application is async, and so is its URL; the revisions run without asyncio."""

import os

from alembic import context
from observatory.models import Base
from sqlalchemy import create_engine

url = os.environ["DATABASE_URL"]
assert url.startswith("postgresql+asyncpg://")
engine = create_engine(url.replace("+asyncpg", "+psycopg"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
