"""A table, view or sequence is renamed while running code still uses the old name.

The rename takes an instant, under ACCESS EXCLUSIVE. The code that runs during the deploy then
asks for a table that is not there.

Rename it and make a view of the old name over it in the same transaction; drop the view when no
code needs it any more.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.structure import Kind, spelled
from lockgate.core.finding import Severity
from lockgate.core.rule import END, Family, Hazard, Seen, Unit, short
from lockgate.core.senders import broken_code

CODE = "LG021"
NAME = "table-renamed"
FAMILY = Family.BREAKS
SEVERITY = Severity.ERROR
ON = ("RenameStmt", "ViewStmt", END)

BAD = "ALTER TABLE orders RENAME TO purchases;"
GOOD = "CREATE VIEW purchases AS SELECT * FROM orders;"
BAD_ALEMBIC = """\
op.rename_table("orders", "purchases")
"""
GOOD_ALEMBIC = """\
op.execute("CREATE VIEW purchases AS SELECT * FROM orders")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A new name for something that was there before, until END shows a view of the old one."""
    tree, notes = seen.tree, seen.unit.note(NAME)
    if seen.kind == "ViewStmt":
        _, transaction = notes.get(seen.name(tree.get("view")), (None, 0))
        if transaction and transaction == seen.unit.transaction:
            del notes[seen.name(tree.get("view"))]
        return
    if tree.get("renameType") in _KINDS:
        taken = spelled((seen.relation.name[0], tree["newname"]))
        if seen.in_transaction and notes.get(taken, (None, 0))[1] == seen.unit.transaction:
            del notes[taken]  # another takes its place before anybody sees
    if tree.get("renameType") in _KINDS and _in_use(seen):
        sent, severity = broken_code(seen.unit.target, seen.table)
        hazard = Hazard(
            f"breaks code that asks for {short(seen.table)}{sent}",
            _SECOND if tree.get("renameType") == "OBJECT_SEQUENCE" else _VIEW,
            seen.table,
            severity,
            statement=seen.index,
            line=seen.line,
        )
        notes[seen.table] = hazard, seen.unit.transaction
    yield from ()


def finish(unit: Unit) -> Iterator[Hazard]:
    """The renames that no view covers."""
    for hazard, _ in unit.note(NAME).values():
        yield hazard


def _in_use(seen: Seen) -> bool:
    if seen.tree.get("missing_ok") and seen.unit.complete and not seen.relation.known:
        return False
    return seen.exists(seen.table) and seen.relation.kind is not Kind.INDEX


_VIEW = "make a view of the old name in the same transaction, and drop it later"
_SECOND = (
    "make a second sequence that starts far above, move the code over, and drop this one later"
)

_KINDS = (
    "OBJECT_TABLE",
    "OBJECT_VIEW",
    "OBJECT_MATVIEW",
    "OBJECT_FOREIGN_TABLE",
    "OBJECT_SEQUENCE",
)
