"""A column gets another type, and the table is written anew while reads and writes wait.

Under ACCESS EXCLUSIVE every row is converted and every index on the column rebuilt; other changes
only check the rows or the indexes, which takes as long as reading them. Views that use the column
make it fail.

Some changes cost nothing: a longer varchar, varchar to text, a longer numeric of the same scale.
For the others add a new column, copy in batches while a trigger keeps both alike, and switch.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, blocked

CODE = "LG008"
NAME = "type-change-rewrites-table"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = ("AT_AlterColumnType",)

BAD = "ALTER TABLE orders ALTER COLUMN id TYPE bigint;"
GOOD = "ALTER TABLE orders ADD COLUMN id_big bigint;"
BAD_ALEMBIC = """\
op.alter_column("orders", "id", type_=sa.BigInteger())
"""
GOOD_ALEMBIC = """\
op.add_column("orders", sa.Column("id_big", sa.BigInteger()))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A change of type that PostgreSQL has work with."""
    effect = seen.blocking_work_on(seen.table) or next(seen.blocking_work(), None)
    if effect is None:
        return
    does = "its indexes are built anew" if effect.builds else "every row is read"
    if effect.rewrites:
        does = "every row and its indexes are written anew"
    yield Hazard(
        f"{blocked(effect)} while {does}, for the new type of {seen.action.get('name')}",
        "add a column of the new type, copy in batches, and switch over",
        seen.table,
        sized=True,
    )
