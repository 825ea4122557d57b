"""A value is added to an enum and used in the same transaction.

PostgreSQL refuses: "unsafe use of new value". An enum that was made in the same transaction is
exempt, from 17 on.

Add the value in a revision of its own, and use it in the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.trees import body, nodes, words
from lockgate.core.finding import Severity
from lockgate.core.parsed import Tree
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
        name = words(seen.tree.get("typeName"))[-1]
        seen.unit.note("enums made")[name] = seen.unit.transaction
    elif seen.kind == "AlterEnumStmt":
        name = words(seen.tree.get("typeName"))[-1]
        exempt = seen.unit.version >= 17 and name in seen.unit.note("enums made")
        if "oldVal" not in seen.tree and not exempt and seen.in_transaction:
            added[seen.tree["newVal"]] = (seen.unit.transaction, name, seen.index)
    elif added and seen.parsed.problem is None:
        for value, (transaction, name, index) in list(added.items()):
            if (
                transaction == seen.unit.transaction
                and seen.index != index
                and _has(seen, value, name)
            ):
                yield Hazard(
                    f"fails: {value!r} was added to {name} in the same transaction",
                    "add the value in a revision of its own, and use it in the next",
                )


def _has(seen: Seen, value: object, enum: str) -> bool:
    """Whether the text stands where it may be one of the enum's values."""
    elsewhere = {id(constant) for constant in _of_other_types(seen, enum)}
    for kind, node in nodes(seen.tree):
        text = node.get("sval", {}).get("sval") if kind == "A_Const" else None
        if text == value and id(node) not in elsewhere:
            return True
        if kind == "DefElem" and f"'{value}'" in str(node.get("arg")):
            return True
    return False


def _of_other_types(seen: Seen, enum: str) -> Iterator[Tree]:
    """Constants that are given to, or compared with, a column that is known to be no such enum."""
    statement = {seen.kind: seen.tree}
    others = {name for name, types in _columns(seen, statement).items() if enum not in types}
    for kind, node in nodes(statement) if others else ():
        pairs: Iterable[tuple[str, Tree]] = ()
        if kind == "InsertStmt":
            targets = [body(column, "ResTarget").get("name", "") for column in node.get("cols", ())]
            rows = body(node.get("selectStmt"), "SelectStmt").get("valuesLists", ())
            pairs = (p for row in rows for p in zip(targets, row["List"]["items"], strict=False))
        elif kind == "UpdateStmt":
            given = [body(target, "ResTarget") for target in node.get("targetList", ())]
            pairs = ((target.get("name", ""), target.get("val", {})) for target in given)
        elif kind == "A_Expr":
            compared = words(body(node.get("lexpr"), "ColumnRef").get("fields"))
            right = node.get("rexpr", {})
            values = body(right, "List").get("items", (right,))
            pairs = ((compared[-1], value) for value in values if compared)
        for column, value in pairs:
            if column in others and "A_Const" in value:
                yield value["A_Const"]


def _columns(seen: Seen, statement: Tree) -> dict[str, set[str]]:
    """The types of the columns of the tables in a statement; nothing where one is not known."""
    found: dict[str, set[str]] = {}
    for kind, node in nodes(statement):
        table = node if kind == "RangeVar" else node.get("relation")
        if isinstance(table, dict) and "relname" in table:
            relation = seen.structure.find(parts_of(table))
            if not relation.known:
                return {}
            for column in relation.columns.values():
                found.setdefault(column.name, set()).add(column.type.name if column.type else "")
    return {name: types for name, types in found.items() if "" not in types}
