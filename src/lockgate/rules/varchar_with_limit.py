"""A column is a varchar with a limit.

It takes no less room than text, and a limit that proves too short is an ALTER TABLE later.

Write text, with a CHECK where a limit is meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import typed_columns
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen

CODE = "LG093"
NAME = "varchar-with-limit"
FAMILY = Family.STYLE
SEVERITY = Severity.INFO
ON = ("CreateStmt", "AT_AddColumn")

BAD = "CREATE TABLE invoices (code varchar(20));"
GOOD = "CREATE TABLE invoices (code text);"
BAD_ALEMBIC = """\
op.create_table("invoices", sa.Column("code", sa.String(20)))
"""
GOOD_ALEMBIC = """\
op.create_table("invoices", sa.Column("code", sa.Text()))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A column of that type."""
    for name, type_name in typed_columns(seen):
        if type_name == "varchar":
            yield Hazard(f"limits {name}", "write text, with a CHECK where it is meant", seen.table)
