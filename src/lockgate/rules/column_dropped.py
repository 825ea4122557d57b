"""A column is dropped, with its values, while running code may still read it.

DROP COLUMN is instant once it has its lock, but waits for everybody who uses the table, and makes
everyone behind it wait. Code that still selects the column fails, ORM code too, which lists every
column that its models have; and the values are gone.

Take the column out of the models and deploy that first. Drop it in a later revision, when no
running code reads it, and say so: `# lockgate: allow LG030 because release 41 no longer reads
it`. With --env, a statement that pg_stat_statements keeps and that reads the column is named. If
none does and the table is empty, this is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short
from lockgate.core.senders import broken_code

CODE = "LG030"
NAME = "column-dropped"
FAMILY = Family.BREAKS
SEVERITY = Severity.ERROR
ON = ("AT_DropColumn",)

BAD = "ALTER TABLE orders DROP COLUMN note;"
GOOD = "ALTER TABLE orders ALTER COLUMN note DROP NOT NULL;"
BAD_ALEMBIC = """\
op.drop_column("orders", "note")
"""
GOOD_ALEMBIC = """\
op.alter_column("orders", "note", nullable=True)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A column of a table that was there before."""
    column, columns = seen.action.get("name"), seen.relation.columns
    absent = seen.action.get("missing_ok") and columns and column not in columns
    if absent or not seen.exists(seen.table):
        return
    added = seen.unit.note("columns made")
    if (seen.table, column) in added:
        return
    sent, severity = broken_code(seen.unit.target, seen.table, column)
    yield Hazard(
        f"drops {column} of {short(seen.table)} with its values{seen.rows(seen.table)},"
        f" and breaks code that reads it{sent}",
        "deploy code without it first, then drop it and say so with `lockgate: allow`",
        seen.table,
        severity if seen.unit.empty(seen.table) else None,
    )
