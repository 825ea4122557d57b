"""An index is built while writes on its table wait.

CREATE INDEX reads the whole table under a SHARE lock: every INSERT, UPDATE and DELETE stands
still until the index is there, and what queues behind them stands still too.

Write CREATE INDEX CONCURRENTLY, alone and outside a transaction. It takes two passes and waits
for older transactions, but blocks nobody. On a partitioned table there is no CONCURRENTLY: create
the index ON ONLY the parent, then CONCURRENTLY on each partition, and attach each.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.structure import Kind
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, blocked

CODE = "LG001"
NAME = "index-not-concurrent"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = ("IndexStmt",)

BAD = "CREATE INDEX ix_orders_placed ON orders (placed);"
GOOD = "CREATE INDEX CONCURRENTLY ix_orders_placed ON orders (placed);"
BAD_ALEMBIC = """\
op.create_index("ix_orders_placed", "orders", ["placed"])
"""
GOOD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.create_index(
        "ix_orders_placed", "orders", ["placed"], postgresql_concurrently=True
    )
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A build that blocks on a table that was there before."""
    if seen.tree.get("concurrent"):
        return
    effect = next(seen.blocking_work(), None)
    # ONLY is written for partitioned tables, where it builds nothing.
    only = not seen.tree["relation"].get("inh") and not seen.relation.known
    if effect is None or only:
        return
    remedy = "write CREATE INDEX CONCURRENTLY, outside a transaction"
    if seen.relation.kind is Kind.PARTITIONED:
        remedy = "create it ON ONLY the parent, CONCURRENTLY on each partition, then attach each"
    index = seen.tree.get("idxname", "the index")
    message = f"{blocked(effect)} while {index} is built"
    yield Hazard(message, remedy, seen.table, sized=True)
