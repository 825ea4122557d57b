"""A CHECK constraint is proved on every row while reads and writes wait.

ALTER TABLE ... ADD CHECK holds ACCESS EXCLUSIVE while it reads the whole table, and fails if one
row does not fit.

Add it NOT VALID, which only holds new rows to it, and run VALIDATE CONSTRAINT in a later
transaction: that reads the table too, but blocks nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, blocked

CODE = "LG005"
NAME = "check-scans-table"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = ("AT_AddConstraint",)

BAD = """\
ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0);
"""
GOOD = """\
ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check;
"""
BAD_ALEMBIC = """\
op.create_check_constraint("orders_total_check", "orders", "total >= 0")
"""
GOOD_ALEMBIC = """\
op.create_check_constraint(
    "orders_total_check", "orders", "total >= 0", postgresql_not_valid=True
)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A CHECK that is not NOT VALID, on a table that was there before."""
    constraint = body(seen.action.get("def"), "Constraint")
    effect = seen.blocking_work_on(seen.table)
    if constraint.get("contype") != "CONSTR_CHECK" or effect is None:
        return
    yield Hazard(
        f"{blocked(effect)} while every row is checked, and fails on the first that does not fit",
        "add it NOT VALID, and VALIDATE CONSTRAINT in a later transaction",
        effect.relation,
        sized=True,
    )
