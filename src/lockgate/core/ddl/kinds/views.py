"""Views and materialized views."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.options import changed_options, with_options
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import VIEWS, Structure, Unit

KINDS = VIEWS


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE VIEW, CREATE MATERIALIZED VIEW, which reads its tables."""
    text = f"CREATE {unit.kind.upper()} {unit.name}"
    if method := unit.get("access method"):
        text += f" USING {method}"
    text += with_options(unit.get("options"), unit.get("toast parameters"))
    text += f" AS\n{unit.definition.removesuffix(';')}"
    steps = [Step(text)]
    if identity := unit.get("replica identity"):
        altered = f"ALTER MATERIALIZED VIEW {unit.name} REPLICA IDENTITY {identity.upper()}"
        steps.append(Step(altered))
    return steps


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP VIEW, DROP MATERIALIZED VIEW."""
    return [Step(f"DROP {unit.kind.upper()} {unit.name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Options; a query that gives other columns cannot replace another."""
    if alteration.property_differs(old, new, "options", "toast parameters"):
        return None
    begin = f"ALTER {new.kind.upper()} {new.name}"
    return [
        Step(f"{begin} {clause}", (name,))
        for name in ("options", "toast parameters")
        for clause in changed_options(old.get(name), new.get(name))
    ]
