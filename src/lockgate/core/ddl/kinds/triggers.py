"""Triggers, rules, and event triggers: each as the server writes it, and whether it fires."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit
from lockgate.core.ddl.text import literal, split_list

KINDS = ("trigger", "rule", "event trigger")

VERBS = {
    None: "ENABLE",
    "no": "DISABLE",
    "on replicas": "ENABLE REPLICA",
    "always": "ENABLE ALWAYS",
}


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE TRIGGER, CREATE RULE, CREATE EVENT TRIGGER; of a partition's copy only its state."""
    steps = [] if is_copy(unit, structure) else [Step(_created(unit))]
    if unit.get("enabled") or not steps:
        steps += _set_enabled(unit, structure)
    return steps


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP; a partition's copy fires again as its parent does."""
    if is_copy(unit, structure):
        parent = structure.parents(unit.table)[0]
        told = structure.units.get((unit.kind, f"{parent}.{unit.own_name}"))
        return [_enabled(unit, told.get("enabled") if told else None)]
    if unit.kind == "event trigger":
        return [Step(f"DROP EVENT TRIGGER {unit.name}")]
    return [Step(f"DROP {unit.kind.upper()} {unit.own_name} ON {unit.table}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Whether it fires; a copy's text follows its parent's."""
    copy = is_copy(old, alteration.before) and is_copy(new, alteration.after)
    if alteration.property_differs(old, new, "enabled", *(("definition",) if copy else ())):
        return None
    return _set_enabled(new, alteration.after)


def is_copy(unit: Unit, structure: Structure) -> bool:
    """Whether a partition has this trigger from its parent."""
    return unit.kind == "trigger" and any(
        ("trigger", f"{parent}.{unit.own_name}") in structure.units
        for parent in structure.parents(unit.table)
    )


def _set_enabled(unit: Unit, structure: Structure) -> list[Step]:
    """Its state, which partitions take over, and then that of those copies that have another."""
    steps = [_enabled(unit, unit.get("enabled"))]
    if unit.kind == "trigger":
        for part in structure.heirs.get(unit.table, ()):
            copy = structure.units.get(("trigger", f"{part}.{unit.own_name}"))
            steps += _set_enabled(copy, structure) if copy is not None else []
    return steps


def _enabled(unit: Unit, state: str | None) -> Step:
    verb = VERBS[state]
    if unit.kind == "event trigger":
        return Step(f"ALTER EVENT TRIGGER {unit.name} {verb}", ("enabled",))
    what = f"{verb} {unit.kind.upper()} {unit.own_name}"
    return Step(f"ALTER TABLE {unit.table} {what}", ("enabled",))


def _created(unit: Unit) -> str:
    if unit.kind != "event trigger":
        return unit.definition.removesuffix(";")
    text = f"CREATE EVENT TRIGGER {unit.name} ON {unit.properties['event']}"
    if tags := unit.get("tags"):
        listed = ", ".join(literal(tag) for tag in split_list(tags))
        text += f" WHEN TAG IN ({listed})"
    return f"{text} EXECUTE FUNCTION {unit.properties['function']}()"
