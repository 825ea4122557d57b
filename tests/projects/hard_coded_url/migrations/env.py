"""A URL that somebody wrote down. The test writes the real one in its place."""

from alembic import context
from observatory.models import Base
from sqlalchemy import create_engine

URL = "postgresql+psycopg://observer@nowhere.invalid/observatory"

engine = create_engine(URL)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
