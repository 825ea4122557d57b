"""A name is longer than the 63 bytes that PostgreSQL keeps.

The rest is cut off without an error: the object gets another name than the code uses, and a
second name with the same beginning collides with it.

Choose a shorter name.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen
from lockgate.core.sql import identifiers

CODE = "LG053"
NAME = "identifier-too-long"
FAMILY = Family.CARE
SEVERITY = Severity.WARNING
ON = (ALWAYS,)

BAD = """\
CREATE SEQUENCE numbers_of_orders_that_were_placed_by_a_buyer_online_since_year_2020;
"""
GOOD = "CREATE SEQUENCE order_numbers;"
BAD_ALEMBIC = """\
op.execute("CREATE SEQUENCE numbers_of_orders_that_were_placed_by_a_buyer_online_since_year_2020")
"""
GOOD_ALEMBIC = """\
op.execute("CREATE SEQUENCE order_numbers")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A name in the text that is longer than PostgreSQL keeps it."""
    if seen.kind in _ROWS or len(seen.parsed.sql) <= MOST_BYTES:
        return
    # A word can only be too long in a text that has a long run without blanks, or quotes.
    sql = seen.parsed.sql
    if '"' not in sql and max(map(len, sql.split())) <= MOST_BYTES // 4:
        return
    for name in identifiers(sql):
        if len(name.encode()) > MOST_BYTES:
            yield Hazard(
                f"makes {cut(name)!r} of {name!r}, for a name has {MOST_BYTES} bytes",
                "choose a shorter name",
            )


MOST_BYTES = 63
_ROWS = ("InsertStmt", "UpdateStmt", "DeleteStmt", "SelectStmt", "CopyStmt", "")


def cut(name: str) -> str:
    """`name` as PostgreSQL keeps it."""
    return name.encode()[:MOST_BYTES].decode(errors="ignore")
