"""A column is declared NOT NULL, and every row is read to prove it, while reads and writes wait.

SET NOT NULL holds ACCESS EXCLUSIVE while it reads the table, and fails on the first NULL. So does
a primary key USING INDEX over columns that may be NULL.

PostgreSQL skips the reading where a valid CHECK proves it: add CHECK (column IS NOT NULL) NOT
VALID, validate it in a later transaction, then SET NOT NULL, then drop the check. PostgreSQL 18
has NOT NULL ... NOT VALID for the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.structure import Kind
from lockgate.core.effects.trees import body, words
from lockgate.core.finding import Severity
from lockgate.core.parsed import Tree
from lockgate.core.rule import Family, Hazard, Seen, blocked

CODE = "LG007"
NAME = "not-null-scans-table"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = ("AT_SetNotNull", "AT_AddConstraint")

BAD = "ALTER TABLE orders ALTER COLUMN buyer SET NOT NULL;"
GOOD = """\
ALTER TABLE orders ADD CONSTRAINT buyer_given CHECK (buyer IS NOT NULL) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT buyer_given;
ALTER TABLE orders ALTER COLUMN buyer SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT buyer_given;
"""
BAD_ALEMBIC = """\
op.alter_column("orders", "buyer", nullable=False)
"""
GOOD_ALEMBIC = """\
op.create_check_constraint(
    "buyer_given", "orders", "buyer IS NOT NULL", postgresql_not_valid=True
)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A NOT NULL that nothing proves yet, on a table that was there before."""
    constraint = body(seen.action.get("def"), "Constraint")
    column = seen.action.get("name") or ", ".join(words(constraint.get("keys")))
    if constraint and constraint.get("contype") not in ("CONSTR_NOTNULL", "CONSTR_PRIMARY"):
        return
    if constraint.get("contype") == "CONSTR_PRIMARY" and "indexname" not in constraint:
        return
    effect = seen.blocking_work_on(seen.table)
    if effect is None:
        return
    what = column or ", ".join(_key(seen, constraint)) or "the key"
    yield Hazard(
        f"{blocked(effect)} while every row is read for a NULL in {what}, and fails on the first",
        "prove it first: CHECK (... IS NOT NULL) NOT VALID, then VALIDATE in a later transaction",
        effect.relation,
        sized=True,
    )


def _key(seen: Seen, constraint: Tree) -> list[str]:
    """The columns of the index that becomes a primary key, without those known to be NOT NULL."""
    name = (seen.relation.name[0], constraint.get("indexname", ""))
    index = seen.structure.get(name, Kind.INDEX).index
    known = seen.relation.columns
    columns = [column for column in (index.columns if index is not None else ()) if column]
    return [c for c in columns if not (c in known and known[c].not_null)]
