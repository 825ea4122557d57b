"""A function's body names a column or table that is dropped or renamed.

PostgreSQL does not look into the bodies of functions: it lets the column go. A trigger function
that asks the row for it fails at the next write, and with it every INSERT or UPDATE of the table;
another function fails when it is next called.

Make the function anew without the old name first, or in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.bodies import triggers_asking, users_of_column, users_of_table
from lockgate.core.dependents import dropped
from lockgate.core.effects.structure import Name
from lockgate.core.finding import Severity
from lockgate.core.rule import END, Family, Hazard, Seen, Unit, listed, schema_name

CODE = "LG037"
NAME = "function-left-behind"
FAMILY = Family.BREAKS
SEVERITY = Severity.WARNING
ON = ("AT_DropColumn", "RenameStmt", "DropStmt", END)

SCHEMA = """\
CREATE TABLE orders (id bigint, note text);
CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NEW.note := trim(NEW.note); RETURN NEW; END';
CREATE TRIGGER tidied BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION tidy();
"""
BAD = "ALTER TABLE orders RENAME COLUMN note TO remark;"
GOOD = "ALTER TABLE orders ADD COLUMN remark text;"
BAD_ALEMBIC = """\
op.alter_column("orders", "note", new_column_name="remark")
"""
GOOD_ALEMBIC = """\
op.add_column("orders", sa.Column("remark", sa.Text()))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Notes what goes; whether something still names it shows at the end."""
    if not seen.structure.routines or seen.refusals:
        return
    notes, tree = seen.unit.note(NAME), seen.tree
    place = seen.index, seen.line
    if seen.action:
        notes[seen.relation.name, seen.action.get("name")] = place
    elif seen.kind == "RenameStmt" and "relation" in tree:
        if tree.get("renameType") == "OBJECT_COLUMN":
            notes[seen.relation.name, tree.get("subname")] = place
        elif tree.get("renameType") in ("OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW"):
            notes[seen.relation.name, None] = place
    elif tree.get("removeType") in ("OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW"):
        for parts in dropped(tree):
            notes[seen.structure.resolve(parts), None] = place
    yield from ()


def finish(unit: Unit) -> Iterator[Hazard]:
    """What is gone by then and still named."""
    for (name, column), (index, line) in unit.note(NAME).items():
        for hazard in _left(unit, name, column):
            yield Hazard(
                hazard.message,
                "make the function anew without the old name first",
                hazard.relation,
                hazard.severity,
                statement=index,
                line=line,
            )


def _left(unit: Unit, name: Name, column: str | None) -> Iterator[Hazard]:
    structure = unit.structure
    table = structure.relations.get(name)
    if column is None:
        users = sorted(set(users_of_table(structure, name))) if table is None else []
        what = schema_name(name)
    elif table is None or column in table.columns:
        return
    else:
        triggers = sorted(set(triggers_asking(structure, name, column)))
        if triggers:
            said = f"breaks every write to {schema_name(name)} that fires {listed(triggers)}"
            yield Hazard(f"{said}, whose function asks for {column}", "", severity=Severity.ERROR)
        users = sorted(set(users_of_column(structure, name, column)))
        what = f"{column} of {schema_name(name)}"
    if users:
        verb = "names" if len(users) == 1 else "name"
        yield Hazard(f"breaks {listed(users)}, which {verb} {what}", "")
