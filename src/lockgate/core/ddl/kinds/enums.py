"""Enums: labels are added where they belong; a label less needs the type made anew."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit
from lockgate.core.ddl.text import split_list

KINDS = ("enum",)


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE TYPE AS ENUM."""
    return [Step(f"CREATE TYPE {unit.name} AS ENUM ({unit.get('labels') or ''})")]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP TYPE."""
    return [Step(f"DROP TYPE {unit.name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """ADD VALUE for each new label, if the old ones are all there in their order."""
    labels, wanted = (split_list(unit.get("labels") or "") for unit in (old, new))
    kept = [label for label in wanted if label in set(labels)]
    if kept != labels:
        return None
    steps = []
    present = set(labels)
    for position, label in enumerate(wanted):
        if label in present:
            continue
        place = ""
        if position:
            place = f" AFTER {wanted[position - 1]}"
        elif labels:
            place = f" BEFORE {labels[0]}"
        if position and wanted[position - 1 :] == [*wanted[position - 1 : position], label]:
            place = ""
        present.add(label)
        used = _is_used(new.name, label, alteration)
        steps.append(Step(f"ALTER TYPE {new.name} ADD VALUE {label}{place}", outside=used))
    return steps


def _is_used(name: str, label: str, alteration: Alteration) -> bool:
    """Whether something in `after` says the new label, which it may only once it is committed."""
    spelled = f"{label}::{name}"
    return any(
        spelled in unit.definition or any(spelled in value for value in unit.properties.values())
        for key in alteration.after.dependents(("enum", name))
        for unit in (alteration.after.units[key],)
    )
