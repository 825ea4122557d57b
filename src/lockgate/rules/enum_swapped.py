"""An enum is replaced by a new one where a value could be added to it.

The swap (rename the type, make a new one, alter every column) writes each table anew under ACCESS
EXCLUSIVE. ALTER TYPE ... ADD VALUE takes an instant and touches no row.

Write ALTER TYPE ... ADD VALUE, with BEFORE or AFTER for its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import body, object_name, words
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, listed

CODE = "LG048"
NAME = "enum-swapped"
FAMILY = Family.BLOCKS
SEVERITY = Severity.WARNING
ON = ("RenameStmt", "CreateEnumStmt", "AT_AlterColumnType")

BAD = """\
ALTER TYPE status RENAME TO status_old;
CREATE TYPE status AS ENUM ('open', 'closed', 'returned');
"""
GOOD = "ALTER TYPE status ADD VALUE 'returned';"
BAD_ALEMBIC = """\
op.execute("ALTER TYPE status RENAME TO status_old")
op.execute("CREATE TYPE status AS ENUM ('open', 'closed', 'returned')")
"""
GOOD_ALEMBIC = """\
op.execute("ALTER TYPE status ADD VALUE 'returned'")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A new enum with the values of an old one, under its name or for a column that had it."""
    renamed, made = seen.unit.note(NAME), seen.unit.note("enum labels")
    if seen.kind == "RenameStmt":
        if seen.tree.get("renameType") == "OBJECT_TYPE":
            parts = object_name(seen.tree.get("object"))
            renamed[parts[-1]] = tuple(_labels(seen, parts))
    elif seen.kind == "CreateEnumStmt":
        name = words(seen.tree.get("typeName"))[-1]
        new = [node["String"].get("sval", "") for node in seen.tree.get("vals", ())]
        made[name] = new
        yield from _swapped(name, renamed.get(name), new)
    else:
        column = seen.relation.columns.get(seen.action.get("name", ""))
        type_name = body(seen.action.get("def"), "ColumnDef").get("typeName", {})
        labels = made.get((words(type_name.get("names")) or ("",))[-1])
        if labels is not None and column is not None and column.type is not None:
            old = column.type.name
            if old not in renamed and seen.exists(seen.table):
                yield from _swapped(old, tuple(_labels(seen, column.type.parts)) or None, labels)


def _swapped(name: str, old: object, new: list[str]) -> Iterator[Hazard]:
    if isinstance(old, tuple) and [label for label in new if label in old] == list(old):
        more = listed(repr(label) for label in new if label not in old)
        with_what = f" for {more}" if old and more else ""
        yield Hazard(
            f"swaps enum {name}{with_what}, so that every table that uses it is written anew",
            "write ALTER TYPE ... ADD VALUE, which touches no row",
        )


def _labels(seen: Seen, parts: tuple[str, ...]) -> list[str]:
    for schema in seen.structure.path_for(parts):
        found = seen.structure.enums.get((schema, parts[-1]))
        if found is not None:
            return list(found)
    return []
