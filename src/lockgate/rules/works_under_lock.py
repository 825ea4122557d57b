"""A statement works through a table under a lock that blocks, in a way no other rule names.

PostgreSQL has many commands that read, write anew or index a table under a strong lock. Whichever
it is, the application waits for as long as the table is large.

Look at `lockgate explain` for what it does, and do it in a window, in batches, or in another way.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen, blocked

CODE = "LG019"
NAME = "works-under-lock"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = (ALWAYS,)

BAD = "ALTER TABLE orders ALTER CONSTRAINT orders_buyer_fkey ENFORCED;"
GOOD = "ALTER TABLE orders ADD COLUMN note text;"
BAD_ALEMBIC = """\
op.execute("ALTER TABLE orders ALTER CONSTRAINT orders_buyer_fkey ENFORCED")
"""
GOOD_ALEMBIC = """\
op.add_column("orders", sa.Column("note", sa.Text()))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """The strongest such Effect, where no rule has spoken."""
    # Nobody writes to a materialized view; LG001 and LG003 speak of indexes, or have reason not to.
    if seen.said or seen.kind in ("RefreshMatViewStmt", "IndexStmt", "ReindexStmt"):
        return
    effect = next(seen.blocking_work(), None)
    if effect is None:
        return
    does = "it is read"
    if effect.rewrites:
        does = "it is written anew"
    elif effect.builds:
        does = "its indexes are built"
    remedy = "do it in a window, in batches, or in another way"
    if len(seen.tree.get("cmds", ())) > 1:
        remedy = "write its actions as statements, each in a transaction of its own"
    yield Hazard(
        f"{blocked(effect)} while {does}",
        remedy,
        effect.relation,
        sized=True,
    )
