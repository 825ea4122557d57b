"""A value is added to an enum and used in the same transaction.

PostgreSQL refuses: "unsafe use of new value". An enum that was made in the same transaction is
exempt.

Add the value in a revision of its own, and use it in the next.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import nodes, words
from lockgate.core.finding import Severity
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen

CODE = "LG047"
NAME = "enum-value-used-at-once"
FAMILY = Family.TRANSACTION
SEVERITY = Severity.ERROR
ON = ("AlterEnumStmt", "CreateEnumStmt", ALWAYS)

BAD = """\
BEGIN;
ALTER TYPE status ADD VALUE 'returned';
UPDATE orders SET status = 'returned' WHERE id = 7;
COMMIT;
"""
GOOD = """\
ALTER TYPE status ADD VALUE 'returned';
UPDATE orders SET status = 'returned' WHERE id = 7;
"""
BAD_ALEMBIC = """\
op.execute("ALTER TYPE status ADD VALUE 'returned'")
op.execute("UPDATE orders SET status = 'returned' WHERE id = 7")
"""
GOOD_ALEMBIC = """\
op.execute("ALTER TYPE status ADD VALUE 'returned'")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A constant with the value's text after it was added."""
    added = seen.unit.note(NAME)
    if seen.kind == "CreateEnumStmt":
        seen.unit.note("enums made")[words(seen.tree.get("typeName"))[-1]] = True
    elif seen.kind == "AlterEnumStmt":
        name = words(seen.tree.get("typeName"))[-1]
        fresh = "oldVal" not in seen.tree and name not in seen.unit.note("enums made")
        if fresh and seen.in_transaction:
            added[seen.tree["newVal"]] = (seen.unit.transaction, name, seen.index)
    elif added:
        for value, (transaction, name, index) in list(added.items()):
            if transaction == seen.unit.transaction and seen.index != index and _has(seen, value):
                yield Hazard(
                    f"fails: {value!r} was added to {name} in the same transaction",
                    "add the value in a revision of its own, and use it in the next",
                )


def _has(seen: Seen, value: object) -> bool:
    for kind, node in nodes(seen.tree):
        if kind == "A_Const" and node.get("sval", {}).get("sval") == value:
            return True
        if kind == "DefElem" and f"'{value}'" in str(node.get("arg")):
            return True
    return False
