"""Domains and their checks."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit

KINDS = ("domain", "domain constraint")


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE DOMAIN, ALTER DOMAIN ADD CONSTRAINT."""
    if unit.kind == "domain constraint":
        valid = " NOT VALID" if unit.get("not valid") else ""
        added = f"ADD CONSTRAINT {unit.own_name} {unit.definition}{valid}"
        return [Step(f"ALTER DOMAIN {unit.table} {added}")]
    parts = [f"CREATE DOMAIN {unit.name} AS {unit.properties['type']}"]
    if collation := unit.get("collation"):
        parts.append(f"COLLATE {collation}")
    if default := unit.get("default"):
        parts.append(f"DEFAULT {default}")
    if unit.get("not null"):
        parts.append("NOT NULL")
    return [Step(" ".join(parts))]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP DOMAIN, ALTER DOMAIN DROP CONSTRAINT."""
    if unit.kind == "domain constraint":
        return [Step(f"ALTER DOMAIN {unit.table} DROP CONSTRAINT {unit.own_name}")]
    return [Step(f"DROP DOMAIN {unit.name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Default, NOT NULL, and the validation of a check."""
    if new.kind == "domain constraint":
        if old.definition != new.definition or new.get("not valid"):
            return None
        validated = f"ALTER DOMAIN {new.table} VALIDATE CONSTRAINT {new.own_name}"
        return [Step(validated, ("not valid",))]
    if alteration.property_differs(old, new, "default", "not null"):
        return None
    steps = []
    begin = f"ALTER DOMAIN {new.name}"
    if old.get("default") != new.get("default"):
        default = new.get("default")
        verb = "DROP DEFAULT" if default is None else f"SET DEFAULT {default}"
        steps.append(Step(f"{begin} {verb}", ("default",)))
    if old.get("not null") != new.get("not null"):
        verb = "SET" if new.get("not null") else "DROP"
        steps.append(Step(f"{begin} {verb} NOT NULL", ("not null",)))
    return steps
