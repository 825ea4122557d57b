"""A whole table is written anew while reads and writes wait.

VACUUM FULL, CLUSTER, SET TABLESPACE, SET LOGGED, SET UNLOGGED and SET ACCESS METHOD copy the
table under ACCESS EXCLUSIVE, and need the space of a second copy.

Use plain VACUUM for dead rows. To shrink or move a large table, copy it while it is in use, as
pg_repack does, or do it in a window with the application stopped.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import is_on, options
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, blocked

CODE = "LG011"
NAME = "table-rewritten"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = (
    "AT_SetTableSpace",
    "AT_SetLogged",
    "AT_SetUnLogged",
    "AT_SetAccessMethod",
    "ClusterStmt",
    "VacuumStmt",
)

BAD = "VACUUM FULL orders;"
GOOD = "VACUUM orders;"
BAD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.execute("VACUUM FULL orders")
"""
GOOD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.execute("VACUUM orders")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Anything of these that copies a table that was there before."""
    effect = next(seen.blocking_work(), None)
    clusters = seen.kind == "ClusterStmt" and "relation" not in seen.tree
    full = seen.kind == "VacuumStmt" and is_on(options(seen.tree.get("options")), "full")
    everything = clusters or (full and "rels" not in seen.tree)
    if effect is None and everything and not seen.unit.complete:
        which = "every table that was clustered before" if clusters else "one table after another"
        yield Hazard(
            f"blocks reads and writes on {which}, while it is copied",
            "name the table, and plan a window for it",
        )
    if effect is not None:
        yield Hazard(
            f"{blocked(effect)} while it is copied",
            "copy it while it is in use (pg_repack), or plan a window for it",
            effect.relation,
            sized=True,
        )
