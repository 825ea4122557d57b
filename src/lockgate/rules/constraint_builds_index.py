"""A unique, primary key or exclusion constraint builds its index while reads and writes wait.

ALTER TABLE holds ACCESS EXCLUSIVE, so that nothing can even read the table until the index is
built; and it fails at the end if two rows are alike.

Build the index first with CREATE UNIQUE INDEX CONCURRENTLY, then add the constraint USING INDEX,
which takes an instant. An exclusion constraint cannot be added that way: do it while the table is
small, or in a new table.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, blocked

CODE = "LG004"
NAME = "constraint-builds-index"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = ("AT_AddConstraint", "AT_AddColumn")

BAD = "ALTER TABLE orders ADD CONSTRAINT orders_number_key UNIQUE (number);"
GOOD = """\
CREATE UNIQUE INDEX CONCURRENTLY orders_number_key ON orders (number);
ALTER TABLE orders ADD CONSTRAINT orders_number_key UNIQUE USING INDEX orders_number_key;
"""
BAD_ALEMBIC = """\
op.create_unique_constraint("orders_number_key", "orders", ["number"])
"""
GOOD_ALEMBIC = """\
op.execute(
    "ALTER TABLE orders ADD CONSTRAINT orders_number_key UNIQUE USING INDEX orders_number_key"
)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A constraint whose index is built by the same statement."""
    spelled_out = seen.action.get("def", {})
    column = body(spelled_out, "ColumnDef")
    constraints = [body(n, "Constraint") for n in column.get("constraints", ())] or [
        body(spelled_out, "Constraint")
    ]
    kinds = [c.get("contype") for c in constraints if "indexname" not in c]
    indexed = [kind for kind in kinds if kind in _WORDS]
    effect = seen.blocking_work_on(seen.table)
    if not indexed or effect is None or seen.effects.fails_if_rows:
        return  # LG010: it fails on the first row, and without rows nobody waits
    remedy = "build the index with CREATE UNIQUE INDEX CONCURRENTLY, then add it USING INDEX"
    if indexed[0] == "CONSTR_EXCLUSION":
        remedy = "add it in a quiet hour, or to a new table; its index cannot be built beforehand"
    elif seen.partitioned:
        remedy = "add it to each partition, USING an INDEX built CONCURRENTLY, then here as it is"
    elif effect.rewrites:
        remedy = "add a plain column, fill it in batches, build the index CONCURRENTLY, then use it"
    built = f"the index of the {_WORDS[indexed[0]]} is built"
    rows = "every row is written anew and " if effect.rewrites else ""
    message = f"{blocked(effect)} while {rows}{built}"
    yield Hazard(message, remedy, effect.relation, sized=True)


_WORDS = {
    "CONSTR_PRIMARY": "primary key",
    "CONSTR_UNIQUE": "unique constraint",
    "CONSTR_EXCLUSION": "exclusion constraint",
}
