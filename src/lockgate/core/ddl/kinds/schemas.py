"""Schemas and extensions."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit

KINDS = ("schema", "extension")


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE SCHEMA, CREATE EXTENSION."""
    if unit.kind == "schema":
        return [Step(f"CREATE SCHEMA {unit.name}")]
    return [Step(f"CREATE EXTENSION {unit.name} WITH SCHEMA {unit.properties['schema']}")]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP SCHEMA, DROP EXTENSION: of what nothing needs any more."""
    return [Step(f"DROP {unit.kind.upper()} {unit.name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """An extension moves to another schema."""
    return [Step(f"ALTER EXTENSION {new.name} SET SCHEMA {new.properties['schema']}")]
