"""The team's own locks: one on the session of the revisions, one on a second engine's."""

import os

from alembic import context
from observatory.models import Base
from sqlalchemy import create_engine, text

LOCK = text("SELECT pg_advisory_lock(:key)")
UNLOCK = text("SELECT pg_advisory_unlock(:key)")

url = os.environ["DATABASE_URL"]
engine = create_engine(url)
with create_engine(url).connect() as guard, engine.connect() as connection:
    guard.execute(LOCK, {"key": 1})
    guard.commit()
    connection.execute(LOCK, {"key": 2})
    connection.commit()
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
    assert connection.scalar(UNLOCK, {"key": 2})
    connection.commit()
    assert guard.scalar(UNLOCK, {"key": 1})
