"""The application's async engine, with a pool that outlives env.py and its event loop."""

import os

from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(os.environ["DATABASE_URL"])
