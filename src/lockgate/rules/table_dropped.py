"""A table is dropped, with its rows, while running code may still use it.

The drop is instant once it has its lock; the rows are gone at the commit, and code that names the
table fails. A schema, or whatever a role owns, is as many tables as it holds; a sequence loses
where it stood.

Take it out of the code first. Rename it and wait, or keep a dump, before the rows go; then say
so: `-- lockgate: allow LG031 because nothing reads it since release 41`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import dropped
from lockgate.core.effects.structure import spelled
from lockgate.core.finding import Severity
from lockgate.core.names import parts_of
from lockgate.core.rule import Family, Hazard, Seen, short
from lockgate.core.senders import broken_code

CODE = "LG031"
NAME = "table-dropped"
FAMILY = Family.BREAKS
SEVERITY = Severity.ERROR
ON = ("DropStmt", "DropdbStmt", "DropOwnedStmt", "DropTableSpaceStmt")

BAD = "DROP TABLE orders;"
GOOD = "COMMENT ON TABLE orders IS 'goes in release 42';"
BAD_ALEMBIC = """\
op.drop_table("orders")
"""
GOOD_ALEMBIC = """\
op.create_table_comment("orders", "goes in release 42")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A thing that holds rows and was there before."""
    tree = seen.tree
    remedy = "take it out of the code first, then drop it and say so with `lockgate: allow`"
    if seen.kind != "DropStmt":
        what = tree.get("dbname") or "everything that a role owns"
        if seen.kind != "DropTableSpaceStmt":
            yield Hazard(f"drops {what} with every row in it", remedy)
        return
    kind = tree.get("removeType")
    if kind == "OBJECT_SCHEMA":
        for parts in dropped(tree):
            with_it = " with every row in it" if tree.get("behavior") == "DROP_CASCADE" else ""
            nothing = tree.get("missing_ok") and seen.unit.complete and not _holds(seen, parts[-1])
            if parts[-1] not in seen.unit.note("schemas made") and not nothing:
                if with_it:
                    with_it += _counted(seen, parts[-1])
                yield Hazard(
                    f"drops schema {parts[-1]}{with_it}, and breaks code that uses it", remedy
                )
    elif kind in _HOLD:
        for parts in dropped(tree):
            name = spelled(seen.structure.resolve(parts))
            known = seen.structure.resolve(parts) in seen.structure.relations
            if seen.exists(name) and (known or not (seen.unit.complete and tree.get("missing_ok"))):
                sent, severity = broken_code(seen.unit.target, name)
                yield Hazard(
                    f"drops {short(name)} with its {_HOLD[kind]}{seen.rows(name)},"
                    f" and breaks code that uses it{sent}",
                    remedy,
                    name,
                    severity if seen.unit.empty(name) else None,
                )


def _counted(seen: Seen, schema: str) -> str:
    """How many rows the tables of a schema have, as ` (1,200 rows)`; empty if nobody knows."""
    if seen.unit.target is None:
        return ""
    relations = seen.unit.target.relations
    rows = sum(r.rows for r in relations if parts_of(r.name)[0] == schema and r.parent is None)
    return f" ({rows:,} rows)"


def _holds(seen: Seen, schema: str) -> bool:
    """Whether anything is known to be in a schema."""
    structure = seen.structure
    return any(
        name[0] == schema
        for known in (structure.relations, structure.enums, structure.domains, structure.routines)
        for name in known
    )


_HOLD = {
    "OBJECT_TABLE": "rows",
    "OBJECT_FOREIGN_TABLE": "definition",
    "OBJECT_MATVIEW": "rows",
    "OBJECT_SEQUENCE": "place",
}
