"""Foreign-data wrappers and foreign servers. Foreign tables are in `tables`."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.options import changed_foreign_options, foreign_options
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit
from lockgate.core.ddl.text import literal

KINDS = ("foreign-data wrapper", "server")


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE FOREIGN DATA WRAPPER, CREATE SERVER."""
    if unit.kind == "server":
        text = f"CREATE SERVER {unit.name}"
        for name in ("type", "version"):
            if value := unit.get(name):
                text += f" {name.upper()} {literal(value)}"
        text += f" FOREIGN DATA WRAPPER {unit.properties['wrapper']}"
    else:
        text = f"CREATE FOREIGN DATA WRAPPER {unit.name}"
        for name in ("handler", "validator"):
            if function := unit.get(name):
                text += f" {name.upper()} {function}"
    return [Step(text + foreign_options(unit.get("options")))]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP FOREIGN DATA WRAPPER, DROP SERVER with its user mappings."""
    end = f" on {unit.name}"
    steps = [
        Step(f"DROP USER MAPPING FOR {found.name.removesuffix(end)} SERVER {unit.name}")
        for found in structure.catalog.objects
        if unit.kind == "server" and found.kind == "user mapping" and found.name.endswith(end)
    ]
    return [*steps, Step(f"DROP {_word(unit)} {unit.name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Options, a server's version, a wrapper's functions."""
    if alteration.property_differs(old, new, "options", "version", "handler", "validator"):
        return None
    begin = f"ALTER {_word(new)} {new.name}"
    steps = []
    if old.get("version") != new.get("version"):
        if new.get("version") is None:
            return None
        version = literal(new.properties["version"])
        steps.append(Step(f"{begin} VERSION {version}", ("version",)))
    for name in ("handler", "validator"):
        if old.get(name) != new.get(name):
            function = new.get(name)
            verb = f"{name.upper()} {function}" if function else f"NO {name.upper()}"
            steps.append(Step(f"{begin} {verb}", (name,)))
    if old.get("options") != new.get("options"):
        changed = changed_foreign_options(old.get("options"), new.get("options"))
        steps.append(Step(f"{begin} {changed}", ("options",)))
    return steps


def _word(unit: Unit) -> str:
    return "SERVER" if unit.kind == "server" else "FOREIGN DATA WRAPPER"
