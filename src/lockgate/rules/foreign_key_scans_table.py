"""A foreign key is proved on every row while writes on both tables wait.

ADD FOREIGN KEY holds SHARE ROW EXCLUSIVE on the table and on the one that it references while it
joins the two, and fails if one row has no partner.

Add it NOT VALID, and run VALIDATE CONSTRAINT in a later transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short

CODE = "LG006"
NAME = "foreign-key-scans-table"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = ("AT_AddConstraint", "AT_AddColumn")

BAD = """\
ALTER TABLE orders ADD CONSTRAINT orders_buyer_fkey FOREIGN KEY (buyer) REFERENCES people (id);
"""
GOOD = """\
ALTER TABLE orders ADD CONSTRAINT orders_buyer_fkey
    FOREIGN KEY (buyer) REFERENCES people (id) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_buyer_fkey;
"""
BAD_ALEMBIC = """\
op.create_foreign_key("orders_buyer_fkey", "orders", "people", ["buyer"], ["id"])
"""
GOOD_ALEMBIC = """\
op.create_foreign_key(
    "orders_buyer_fkey", "orders", "people", ["buyer"], ["id"], postgresql_not_valid=True
)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A foreign key that is not NOT VALID, on a table that was there before."""
    node = seen.action.get("def")
    column = body(node, "ColumnDef")
    constraints = [body(n, "Constraint") for n in column.get("constraints", ())] or [
        body(node, "Constraint")
    ]
    effect = seen.blocking_work_on(seen.table)
    for constraint in constraints:
        if constraint.get("contype") == "CONSTR_FOREIGN" and effect is not None:
            far = short(seen.name(constraint.get("pktable")))
            lock = f"blocks {' and '.join(effect.blocks)}"
            near = short(effect.relation)
            on = near if far == near else f"{near} and {far}"
            remedy = "add it NOT VALID, and VALIDATE CONSTRAINT in a later transaction"
            if seen.partitioned and seen.unit.version < 18:
                remedy = "add it to each partition NOT VALID, VALIDATE there, then here as it is"
            yield Hazard(
                f"{lock} on {on} while every row is checked, and fails on one without a partner",
                remedy,
                effect.relation,
                sized=True,
            )
