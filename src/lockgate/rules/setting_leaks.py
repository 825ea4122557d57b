"""A setting is changed for the session and stays changed.

Alembic runs all revisions on one connection: a search_path, a role or a timeout that one of them
sets holds for the next, and for Alembic's own version table.

Write SET LOCAL, which ends with the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import END, Family, Hazard, Seen, Unit

CODE = "LG054"
NAME = "setting-leaks"
FAMILY = Family.CARE
SEVERITY = Severity.WARNING
ON = ("VariableSetStmt", END)

BAD = """\
BEGIN;
SET search_path = archive;
COMMIT;
"""
GOOD = """\
BEGIN;
SET LOCAL search_path = archive;
COMMIT;
"""
BAD_ALEMBIC = """\
op.execute("SET search_path = archive")
"""
GOOD_ALEMBIC = """\
op.execute("SET LOCAL search_path = archive")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Notes a SET in a transaction, and strikes out what is set back."""
    tree, notes = seen.tree, seen.unit.note(NAME)
    if tree.get("kind") == "VAR_RESET_ALL":
        notes.clear()
    elif tree.get("kind") in ("VAR_RESET", "VAR_SET_DEFAULT"):
        notes.pop(tree.get("name"), None)
    elif not tree.get("is_local") and seen.in_transaction and tree.get("name") is not None:
        notes[tree["name"]] = Hazard(
            f"leaves {tree['name']} changed for what runs later on the same connection",
            "write SET LOCAL, which ends with the transaction",
            statement=seen.index,
            line=seen.line,
        )
    yield from ()


def finish(unit: Unit) -> Iterator[Hazard]:
    """What is still set at the end."""
    yield from unit.note(NAME).values()
