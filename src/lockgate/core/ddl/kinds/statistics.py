"""Extended statistics."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit

KINDS = ("statistics",)


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE STATISTICS."""
    kinds = f" ({unit.get('kinds')})" if unit.get("kinds") else ""
    text = f"CREATE STATISTICS {unit.name}{kinds} ON {unit.properties['members']}"
    steps = [Step(f"{text} FROM {unit.table}")]
    return [*steps, _target(unit)] if unit.get("target") else steps


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP STATISTICS."""
    return [Step(f"DROP STATISTICS {unit.name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """The statistics target."""
    return None if alteration.property_differs(old, new, "target") else [_target(new)]


def _target(unit: Unit) -> Step:
    target = unit.get("target") or "-1"
    return Step(f"ALTER STATISTICS {unit.name} SET STATISTICS {target}", ("target",))
