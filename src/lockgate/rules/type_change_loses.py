"""A column gets a type that holds less than the one it has.

A value that no longer fits makes the statement fail, or is cut to fit: a time of day, a fraction,
the offset of a time zone. What was cut is gone, and the downgrade brings back the type and not
the value.

Count the values that would not fit before, and keep the old column until the new one is proved.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import narrows
from lockgate.core.effects.reading import read_type
from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short

CODE = "LG035"
NAME = "type-change-loses"
FAMILY = Family.BREAKS
SEVERITY = Severity.WARNING
ON = ("AT_AlterColumnType",)

SCHEMA = "CREATE TABLE orders (id bigint, placed timestamptz);"
BAD = "ALTER TABLE orders ALTER COLUMN placed TYPE date;"
GOOD = "ALTER TABLE orders ADD COLUMN placed_on date;"
BAD_ALEMBIC = """\
op.alter_column("orders", "placed", type_=sa.Date())
"""
GOOD_ALEMBIC = """\
op.add_column("orders", sa.Column("placed_on", sa.Date()))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A narrower type, where the old one is known."""
    name = seen.action.get("name", "")
    column = seen.relation.columns.get(name)
    new = read_type(body(seen.action.get("def"), "ColumnDef").get("typeName"))
    if column is None or column.type is None or new is None or not seen.exists(seen.table):
        return
    if not narrows(column.type, new):
        return
    # The same digits of the clock; what goes is which zone they are of.
    only_zone = (column.type.name, new.name) == ("timestamptz", "timestamp") and not new.modifiers
    yield Hazard(
        f"loses what does not fit of {name} of {short(seen.table)}{seen.rows(seen.table)}:"
        f" {column.type} becomes {new}",
        "count the values that would not fit, and keep the old column until the new one is proved",
        seen.table,
        Severity.INFO if only_zone else None,
    )
