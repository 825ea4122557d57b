"""The URL is put together by the application, out of variables that lockgate knows nothing of."""

from alembic import context
from observatory.models import Base
from observatory.settings import database_url
from sqlalchemy import create_engine

engine = create_engine(database_url())
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
