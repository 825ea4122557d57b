"""Some tables are nobody's models, and one model is nobody's table."""

import os

from alembic import context
from observatory.models import Base
from sqlalchemy import Column, Integer, Table, create_engine

Table("brightest", Base.metadata, Column("id", Integer, primary_key=True), info={"view": True})


def include_object(thing, name, type_, reflected, compare_to):
    if type_ == "table":
        return not name.startswith("legacy_") and not thing.info.get("view")
    return True


engine = create_engine(os.environ["DATABASE_URL"])
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=Base.metadata, include_object=include_object
    )
    with context.begin_transaction():
        context.run_migrations()
