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

from lockgate.core.effects.trees import body, words
from lockgate.core.finding import Severity
from lockgate.core.parsed import Tree
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
    definition = body(seen.action.get("def"), "ColumnDef")
    column = definition.get("colname") or seen.action.get("name")
    if seen.table in seen.said:
        return
    for effect in seen.blocking_work():
        if seen.effects.fails_if_rows and not effect.rewrites:
            return  # on the first row, and without rows nobody waits
        if effect.rewrites or effect.scans:
            does = "every row is written anew" if effect.rewrites else "every row is read"
            yield Hazard(
                f"{blocked(effect)} while {does}, for column {column}",
                _remedy(definition),
                effect.relation,
                sized=True,
            )
            return


def _remedy(definition: Tree) -> str:
    """What to do instead, by what makes the column dear."""
    if "typeName" not in definition:
        return "add a second column with the new expression, and drop this one later"
    nodes = definition.get("constraints", ())
    constraints = {body(node, "Constraint").get("contype") for node in nodes}
    if "CONSTR_GENERATED" in constraints:
        return "add a plain column, fill it by a trigger, and the old rows in batches"
    if "CONSTR_IDENTITY" in constraints or words(definition["typeName"]["names"])[-1] in _SERIAL:
        return "add a plain column, give it a sequence's nextval() as default, and fill in batches"
    if "CONSTR_DEFAULT" in constraints:
        return "add it without, set the default afterwards, and fill old rows in batches"
    if "CONSTR_CHECK" in constraints:
        return "add it without its CHECK, then that NOT VALID, and VALIDATE in a later transaction"
    return "add it with the domain's own type, then its CHECK NOT VALID, and VALIDATE later"


_SERIAL = ("smallserial", "serial", "bigserial", "serial2", "serial4", "serial8")
