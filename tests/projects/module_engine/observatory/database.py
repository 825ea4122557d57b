"""The application's engine, made when it is imported, with a pool that outlives env.py."""

import os

from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"])
