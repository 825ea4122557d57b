"""A new column makes PostgreSQL write every row while reads and writes wait.

A constant default, and a stable one such as now(), is kept once in the catalog and costs nothing.
A volatile one (random(), gen_random_uuid(), nextval(), so serial and identity too), a stored
generated column and a domain with a constraint have a value for each row, and each row is written
anew under ACCESS EXCLUSIVE.

Add the column without the default, set the default for new rows, and fill the old ones in
batches.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, blocked

CODE = "LG009"
NAME = "column-rewrites-table"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = ("AT_AddColumn", "AT_SetExpression")

BAD = "ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();"
GOOD = """\
ALTER TABLE orders ADD COLUMN token uuid;
ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid();
"""
BAD_ALEMBIC = """\
op.add_column(
    "orders", sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()"))
)
"""
GOOD_ALEMBIC = """\
op.add_column("orders", sa.Column("token", sa.Uuid()))
op.alter_column("orders", "token", server_default=sa.text("gen_random_uuid()"))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A column whose value has to be written into every row."""
    column = body(seen.action.get("def"), "ColumnDef").get("colname") or seen.action.get("name")
    if seen.table in seen.said:
        return
    for effect in seen.blocking_work():
        if effect.rewrites or effect.scans:
            does = "every row is written anew" if effect.rewrites else "every row is read"
            yield Hazard(
                f"{blocked(effect)} while {does}, for column {column}",
                "add it without, set the default afterwards, and fill old rows in batches",
                effect.relation,
                sized=True,
            )
            return
