"""A schema, type, function or enum value gets another name, or an object another schema.

Code that names it fails from the moment of the commit, and functions whose body names it fail
when they are next called.

Make the new one beside the old one, move the code over, and drop the old one later.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.trees import object_name, words
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short

CODE = "LG022"
NAME = "name-moved"
FAMILY = Family.BREAKS
SEVERITY = Severity.WARNING
ON = (
    "RenameStmt",
    "AlterObjectSchemaStmt",
    "AlterEnumStmt",
    "CreateEnumStmt",
    "CreateDomainStmt",
    "CreateFunctionStmt",
)

BAD = "ALTER TABLE orders SET SCHEMA archive;"
GOOD = "CREATE SCHEMA archive;"
BAD_ALEMBIC = """\
op.execute("ALTER TABLE orders SET SCHEMA archive")
"""
GOOD_ALEMBIC = """\
op.execute("CREATE SCHEMA archive")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A name that code may use and that is no longer there."""
    tree, made = seen.tree, seen.unit.note(NAME)
    created = tree.get("typeName") or tree.get("domainname") or tree.get("funcname")
    if seen.kind.startswith("Create"):
        made[words(created)[-1]] = True
        return
    if "relation" in tree and not seen.exists(seen.table):
        return
    if seen.kind == "AlterEnumStmt":
        if "oldVal" not in tree:
            return
        if words(created)[-1] in made:
            return
        what = f"value {tree['oldVal']} of {words(created)[-1]}"
    elif seen.kind == "AlterObjectSchemaStmt":
        if tree.get("objectType") not in _MOVED:
            return
        named = short(seen.table) if "relation" in tree else ".".join(object_name(tree["object"]))
        what = f"{named} in its old schema"
    elif tree.get("renameType") == "OBJECT_SCHEMA":
        what = f"schema {tree.get('subname')}"
    elif tree.get("renameType") in _MOVED and "object" in tree:
        name = object_name(tree["object"])
        if made.pop(name[-1], False):
            made[tree["newname"]] = True
            return
        what = ".".join(name)
    else:
        return
    yield Hazard(
        f"breaks code that asks for {what}",
        "make the new one beside it, move the code over, and drop the old one later",
        seen.table if "relation" in tree else None,
    )


_MOVED = (
    "OBJECT_TABLE",
    "OBJECT_VIEW",
    "OBJECT_MATVIEW",
    "OBJECT_FOREIGN_TABLE",
    "OBJECT_SEQUENCE",
    "OBJECT_TYPE",
    "OBJECT_DOMAIN",
    "OBJECT_FUNCTION",
    "OBJECT_PROCEDURE",
    "OBJECT_ROUTINE",
    "OBJECT_AGGREGATE",
)
