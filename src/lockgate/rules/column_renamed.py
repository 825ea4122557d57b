"""A column is renamed while running code still uses the old name.

The rename takes an instant. But the code that runs during a deploy, and every query that it has
prepared, asks for the old name and fails; the new code fails until the rename is there.

Add a column of the new name, keep both alike with a trigger, fill it, switch the code, and drop
the old one in a later revision.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.structure import Kind
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short
from lockgate.core.senders import broken_code

CODE = "LG020"
NAME = "column-renamed"
FAMILY = Family.BREAKS
SEVERITY = Severity.ERROR
ON = ("RenameStmt",)

BAD = "ALTER TABLE orders RENAME COLUMN buyer TO customer;"
GOOD = "ALTER TABLE orders ADD COLUMN customer bigint;"
BAD_ALEMBIC = """\
op.alter_column("orders", "buyer", new_column_name="customer")
"""
GOOD_ALEMBIC = """\
op.add_column("orders", sa.Column("customer", sa.BigInteger()))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A rename in a table, view or composite type that was there before."""
    tree = seen.tree
    if tree.get("renameType") not in ("OBJECT_COLUMN", "OBJECT_ATTRIBUTE"):
        return
    if seen.exists(seen.table) and seen.relation.kind is not Kind.INDEX:
        column, made = tree["subname"], seen.unit.note("columns made")
        if made.pop((seen.table, column), False):
            made[seen.table, tree["newname"]] = True
            return
        sent, severity = broken_code(seen.unit.target, seen.table, column)
        yield Hazard(
            f"breaks code that asks for column {column} of {short(seen.table)}{sent}",
            f"add {tree['newname']} beside it, keep both alike, and drop the old one later",
            seen.table,
            severity,
        )
