"""A column is a timestamp without time zone.

It keeps a clock face and not a moment: two sessions of different time zones read different times.

Write timestamptz.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import typed_columns
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen

CODE = "LG092"
NAME = "timestamp-without-zone"
FAMILY = Family.STYLE
SEVERITY = Severity.INFO
ON = ("CreateStmt", "AT_AddColumn")

BAD = "CREATE TABLE invoices (sent timestamp);"
GOOD = "CREATE TABLE invoices (sent timestamptz);"
BAD_ALEMBIC = """\
op.create_table("invoices", sa.Column("sent", sa.DateTime()))
"""
GOOD_ALEMBIC = """\
op.create_table("invoices", sa.Column("sent", sa.DateTime(timezone=True)))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A column of that type."""
    for name, type_name in typed_columns(seen):
        if type_name == "timestamp":
            yield Hazard(f"keeps {name} without a time zone", "write timestamptz", seen.table)
