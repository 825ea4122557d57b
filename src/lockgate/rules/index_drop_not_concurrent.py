"""An index is dropped under a lock that stops its table.

DROP INDEX needs an ACCESS EXCLUSIVE lock on the table. It is short once obtained, but it waits
for every transaction that uses the table, and everybody else waits behind it. A query that was
planned with the index may also turn out to need it.

Write DROP INDEX CONCURRENTLY, outside a transaction. The index of a partitioned table cannot be
dropped that way.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.concurrently import built_as_one
from lockgate.core.dependents import dropped
from lockgate.core.effects.structure import Kind, spelled
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, sets_lock_timeout, short

CODE = "LG002"
NAME = "index-drop-not-concurrent"
FAMILY = Family.BLOCKS
SEVERITY = Severity.WARNING
ON = ("DropStmt", "VariableSetStmt")

BAD = "DROP INDEX ix_orders_placed;"
GOOD = "DROP INDEX CONCURRENTLY ix_orders_placed;"
BAD_ALEMBIC = """\
op.drop_index("ix_orders_placed")
"""
GOOD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.drop_index("ix_orders_placed", postgresql_concurrently=True)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A plain DROP INDEX of an index that was there before."""
    tree = seen.tree
    if seen.kind == "VariableSetStmt":
        if sets_lock_timeout(seen):
            seen.unit.note(NAME)["in time"] = True
        return
    if tree.get("removeType") != "OBJECT_INDEX" or tree.get("concurrent"):
        return
    for parts in dropped(tree):
        found = seen.structure.find(parts, Kind.INDEX)
        if tree.get("missing_ok") and seen.unit.complete and not found.known:
            continue
        table = spelled(found.index.table) if found.index is not None else None
        if table is None:
            locked = (e for e in seen.effects.effects if e.blocks and seen.exists(e.relation))
            if spelled(found.name) not in seen.unit.made and any(locked):
                yield Hazard(_message("the table of " + parts[-1]), REMEDY)
        elif seen.exists(table) and spelled(found.name) not in seen.unit.made:
            whole = built_as_one(seen.structure, found)
            done = Severity.INFO if whole and "in time" in seen.unit.note(NAME) else None
            yield Hazard(
                _message(short(table)), WHOLE if whole else REMEDY, table, done, sized=True
            )


REMEDY = "write DROP INDEX CONCURRENTLY, outside a transaction"
WHOLE = "drop it with a short lock_timeout: PostgreSQL drops this one in no other way"


def _message(table: str) -> str:
    return f"blocks reads and writes on {table} while it waits for the transactions that use it"
