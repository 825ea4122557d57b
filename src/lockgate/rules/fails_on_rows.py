"""A statement that PostgreSQL refuses as soon as the table has a row.

The best known is ADD COLUMN ... NOT NULL without a default. It does not lock the table for long,
as folklore has it: it fails on the first row, at the deploy and not in an empty test database.

Give the column a default, or add it without NOT NULL, fill it, and prove NOT NULL as LG007 says.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen, short

CODE = "LG010"
NAME = "fails-on-rows"
FAMILY = Family.FAILS
SEVERITY = Severity.ERROR
ON = (ALWAYS,)

BAD = "ALTER TABLE orders ADD COLUMN channel text NOT NULL;"
GOOD = "ALTER TABLE orders ADD COLUMN channel text NOT NULL DEFAULT 'web';"
BAD_ALEMBIC = """\
op.add_column("orders", sa.Column("channel", sa.Text(), nullable=False))
"""
GOOD_ALEMBIC = """\
op.add_column(
    "orders", sa.Column("channel", sa.Text(), nullable=False, server_default="web")
)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A statement that cannot work on a table with rows, on one that may have some."""
    if not seen.effects.fails_if_rows:
        return
    relation = next((e.relation for e in seen.effects.effects), None)
    if "relation" in seen.tree:
        relation = seen.table
    filled = relation in seen.unit.filled
    if relation is not None and not seen.exists(relation) and not filled:
        return
    where = "where there are rows" if relation is None else f"if {short(relation)} has a row"
    if filled:
        where = f"on the rows that {short(relation or '')} got before"
    yield Hazard(
        f"fails {where}: the rows that are there would have no value",
        "give it a default, or add it without NOT NULL and fill it first",
        relation,
        sized=True,
    )
