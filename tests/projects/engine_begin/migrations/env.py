"""engine.begin(): one transaction around everything, committed by env.py at its end."""

import os

from alembic import context
from observatory.models import Base
from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"])
with engine.begin() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    context.run_migrations()
