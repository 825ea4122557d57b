"""Publications, with their tables and schemas."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit
from lockgate.core.ddl.text import literal, split_list

KINDS = ("publication", "publication table", "publication schema")


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE PUBLICATION, ADD TABLE, ADD TABLES IN SCHEMA."""
    if unit.kind == "publication":
        tables = " FOR ALL TABLES" if unit.get("all tables") else ""
        options = ", ".join(_options(unit))
        return [Step(f"CREATE PUBLICATION {unit.name}{tables} WITH ({options})")]
    return [Step(f"ALTER PUBLICATION {_publication(unit)} ADD {_member(unit)}")]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP PUBLICATION, DROP TABLE, DROP TABLES IN SCHEMA."""
    if unit.kind == "publication":
        return [Step(f"DROP PUBLICATION {unit.name}")]
    bare = Unit(unit.kind, unit.name)
    return [Step(f"ALTER PUBLICATION {_publication(unit)} DROP {_member(bare)}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """The options of a publication."""
    if new.kind != "publication" or old.get("all tables") != new.get("all tables"):
        return None
    changed = ", ".join(_options(new, old))
    return [Step(f"ALTER PUBLICATION {new.name} SET ({changed})")]


def _options(unit: Unit, old: Unit | None = None) -> list[str]:
    """Those that differ from `old`'s, or from what is usual."""
    usual = old.properties if old is not None else {"publish": None}
    found = []
    if unit.get("publish") != usual.get("publish"):
        found.append(f"publish = {literal(unit.get('publish') or '')}")
    if unit.get("via root") != usual.get("via root"):
        found.append(f"publish_via_partition_root = {'true' if unit.get('via root') else 'false'}")
    if unit.get("generated columns") != usual.get("generated columns"):
        generated = unit.get("generated columns") or "none"
        found.append(f"publish_generated_columns = {generated}")
    return found


def _publication(unit: Unit) -> str:
    return split_list(unit.name, ": ")[0]


def _member(unit: Unit) -> str:
    name = split_list(unit.name, ": ")[1]
    if unit.kind == "publication schema":
        return f"TABLES IN SCHEMA {name}"
    columns = f" ({unit.get('columns')})" if unit.get("columns") else ""
    condition = f" WHERE ({unit.get('filter')})" if unit.get("filter") else ""
    return f"TABLE ONLY {name}{columns}{condition}"
