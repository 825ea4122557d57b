"""Languages and access methods."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit

KINDS = ("language", "access method")


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE LANGUAGE, CREATE ACCESS METHOD."""
    if unit.kind == "access method":
        handled = f"TYPE {unit.properties['type'].upper()} HANDLER {unit.properties['handler']}"
        return [Step(f"CREATE ACCESS METHOD {unit.name} {handled}")]
    text = f"CREATE {'TRUSTED ' if unit.get('trusted') else ''}LANGUAGE {unit.name}"
    for name in ("handler", "inline", "validator"):
        if function := unit.get(name):
            text += f" {name.upper()} {function}"
    return [Step(text)]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP LANGUAGE, DROP ACCESS METHOD."""
    return [Step(f"DROP {unit.kind.upper()} {unit.name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Nothing."""
    return None
