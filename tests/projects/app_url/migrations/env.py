"""The URL comes from the application's settings, under the application's own variable."""

from alembic import context
from observatory.models import Base
from observatory.settings import DATABASE_URL
from sqlalchemy import create_engine

engine = create_engine(DATABASE_URL)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
