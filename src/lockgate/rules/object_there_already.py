"""A statement makes something whose name is taken.

PostgreSQL refuses to make a table, index, type, column, constraint, function or trigger that is
there already, and to rename one to a name that another has. The deploy stops there. Tables,
views, indexes and sequences of a schema share their names, and so do tables and types.

Choose another name, or leave out what is there already. IF NOT EXISTS also passes where what is
there is not what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.refusals import Why
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen

CODE = "LG057"
NAME = "object-there-already"
FAMILY = Family.FAILS
SEVERITY = Severity.ERROR
ON = (ALWAYS,)

SCHEMA = "CREATE TABLE orders (id bigint, note text);"
BAD = "ALTER TABLE orders ADD COLUMN note text;"
GOOD = "ALTER TABLE orders ADD COLUMN remark text;"
BAD_ALEMBIC = """\
op.add_column("orders", sa.Column("note", sa.Text()))
"""
GOOD_ALEMBIC = """\
op.add_column("orders", sa.Column("remark", sa.Text()))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """What is sure, of this statement alone."""
    yield from seen.refused(Why.TAKEN)
