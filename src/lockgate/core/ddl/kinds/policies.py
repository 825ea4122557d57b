"""Policies of row security."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit

KINDS = ("policy",)


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE POLICY."""
    text = f"CREATE POLICY {unit.own_name} ON {unit.table}"
    if unit.get("restrictive"):
        text += " AS RESTRICTIVE"
    text += f" FOR {unit.properties['command'].upper()}"
    if roles := unit.get("roles"):
        text += f" TO {roles}"
    if using := unit.get("using"):
        text += f" USING ({using})"
    if check := unit.get("with check"):
        text += f" WITH CHECK ({check})"
    return [Step(text)]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP POLICY."""
    return [Step(f"DROP POLICY {unit.own_name} ON {unit.table}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Roles and expressions; an expression cannot be taken away."""
    if alteration.property_differs(old, new, "roles", "using", "with check"):
        return None
    begin = f"ALTER POLICY {new.own_name} ON {new.table}"
    steps = []
    if old.get("roles") != new.get("roles"):
        steps.append(Step(f"{begin} TO {new.get('roles') or 'PUBLIC'}", ("roles",)))
    for name in ("using", "with check"):
        if old.get(name) != new.get(name):
            if new.get(name) is None:
                return None
            steps.append(Step(f"{begin} {name.upper()} ({new.get(name)})", (name,)))
    return steps
