"""A statement is about something that is not there, or that is of another kind.

PostgreSQL refuses it whatever the rows are: a table, column, constraint, index, trigger or enum
value with that name does not exist, or a view is altered as if it were a table. The deploy stops
there.

Only what is sure is said: of what a Catalog, a schema's text or the statements before it describe,
and not after code that could not be read.

Name what is there. IF EXISTS is for what may be there or not, and not for a wrong name.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.refusals import Why
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen

CODE = "LG056"
NAME = "object-missing"
FAMILY = Family.FAILS
SEVERITY = Severity.ERROR
ON = (ALWAYS,)

SCHEMA = "CREATE TABLE orders (id bigint, note text);"
BAD = "ALTER TABLE orders DROP COLUMN notes;"
GOOD = "ALTER TABLE orders ALTER COLUMN note SET DEFAULT '';"
BAD_ALEMBIC = """\
op.drop_column("orders", "notes")
"""
GOOD_ALEMBIC = """\
op.alter_column("orders", "note", server_default="")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """What is sure, of this statement alone."""
    yield from seen.refused(Why.MISSING, Why.KIND)
