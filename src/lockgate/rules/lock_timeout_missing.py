"""A strong lock is asked for without a lock_timeout.

While a statement waits for its lock, everybody behind it waits too. lockgate's own deploys set
one; a file that psql runs has to set it itself.

Write SET lock_timeout = '2s' first, and try again when it runs out.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen, short

CODE = "LG090"
NAME = "lock-timeout-missing"
FAMILY = Family.STYLE
SEVERITY = Severity.INFO
ON = (ALWAYS, "VariableSetStmt")

BAD = "ALTER TABLE orders ADD COLUMN note text;"
GOOD = """\
SET lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN note text;
"""
BAD_ALEMBIC = """\
op.add_column("orders", sa.Column("note", sa.Text()))
"""
GOOD_ALEMBIC = """\
op.execute("SET LOCAL lock_timeout = '2s'")
op.add_column("orders", sa.Column("note", sa.Text()))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """The first strong lock in a file that has set no timeout."""
    notes = seen.unit.note(NAME)
    if seen.kind == "VariableSetStmt":
        if seen.tree.get("name") == "lock_timeout":
            notes["set"] = True
    elif not notes:
        for effect in seen.effects.effects:
            if effect.blocks and seen.exists(effect.relation):
                notes["said"] = True
                yield Hazard(
                    f"waits without end for {short(effect.relation)}, and others wait behind it",
                    "set a short lock_timeout first",
                    effect.relation,
                )
                return
