"""A setting is changed for the session and stays changed.

Alembic runs all revisions on one connection: a search_path, a role or a timeout that one of them
sets holds for the next, and for Alembic's own version table.

Write SET LOCAL, or `set_config` with true, which end with the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import literal, nodes, words
from lockgate.core.finding import Severity
from lockgate.core.parsed import Tree
from lockgate.core.rule import END, Family, Hazard, Seen, Unit

CODE = "LG054"
NAME = "setting-leaks"
FAMILY = Family.CARE
SEVERITY = Severity.WARNING
ON = ("VariableSetStmt", "SelectStmt", "TransactionStmt", END)

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
    """Notes what a session keeps, and strikes out what is set back or rolled back."""
    tree, notes = seen.tree, seen.unit.note(NAME)
    match seen.kind, tree.get("kind"):
        case ("VariableSetStmt", "VAR_RESET_ALL") | ("TransactionStmt", "TRANS_STMT_ROLLBACK"):
            notes.clear()
        case "VariableSetStmt", "VAR_RESET" | "VAR_SET_DEFAULT":
            notes.pop(tree.get("name"), None)
        case "VariableSetStmt", _:
            # SET TRANSACTION is about the one that is open.
            if not tree.get("is_local") and tree.get("name") not in (None, "TRANSACTION"):
                _note(seen, tree["name"])
        case "SelectStmt", _:
            for name in _set_by_function(tree):
                _note(seen, name)
    yield from ()


def _note(seen: Seen, name: str) -> None:
    # The session of a file ends with it; that of a Revision goes on to the next.
    if seen.in_transaction or seen.unit.revision is not None:
        seen.unit.note(NAME)[name] = Hazard(
            f"leaves {name} changed for what runs later on the same connection",
            "write SET LOCAL, which ends with the transaction",
            statement=seen.index,
            line=seen.line,
        )


def _set_by_function(tree: Tree) -> Iterator[str]:
    """The settings that `set_config(name, value, false)` changes."""
    for kind, call in nodes(tree):
        if kind == "FuncCall" and words(call.get("funcname"))[-1] == "set_config":
            values = [literal(argument) for argument in call.get("args", ())]
            if len(values) == 3 and isinstance(values[0], str) and values[2] is False:
                yield values[0]


def finish(unit: Unit) -> Iterator[Hazard]:
    """What is still set at the end."""
    yield from unit.note(NAME).values()
