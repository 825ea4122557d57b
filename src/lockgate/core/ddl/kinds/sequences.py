"""Sequences, and the columns that they belong to. Identity columns have theirs with the column."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import SEQUENCE_OWNER, Structure, Unit

KINDS = ("sequence", SEQUENCE_OWNER)

OPTIONS = {
    "increment": "INCREMENT BY",
    "minimum": "MINVALUE",
    "maximum": "MAXVALUE",
    "start": "START WITH",
    "cache": "CACHE",
}


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE SEQUENCE, ALTER SEQUENCE OWNED BY."""
    if unit.kind == SEQUENCE_OWNER:
        return [Step(f"ALTER SEQUENCE {unit.name} OWNED BY {unit.definition}")]
    unlogged = "UNLOGGED " if unit.get("unlogged") else ""
    parts = [f"CREATE {unlogged}SEQUENCE {unit.name} AS {unit.properties['type']}"]
    parts += [f"{words} {unit.properties[name]}" for name, words in OPTIONS.items()]
    if unit.get("cycle"):
        parts.append("CYCLE")
    return [Step(" ".join(parts))]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP SEQUENCE, ALTER SEQUENCE OWNED BY NONE."""
    if unit.kind == SEQUENCE_OWNER:
        return [Step(f"ALTER SEQUENCE {unit.name} OWNED BY NONE")]
    return [Step(f"DROP SEQUENCE {unit.name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """The options that differ; all of them with another type, which has limits of its own."""
    if new.kind == SEQUENCE_OWNER:
        return create(new, alteration.after)
    steps = []
    retyped = old.get("type") != new.get("type")
    changed = tuple(name for name in OPTIONS if old.get(name) != new.get(name))
    parts = [f"AS {new.properties['type']}"] if retyped else []
    parts += [
        f"{words} {new.properties[name]}"
        for name, words in OPTIONS.items()
        if retyped or name in changed
    ]
    settled = (*(("type",) if retyped else ()), *changed)
    if old.get("cycle") != new.get("cycle"):
        parts.append("CYCLE" if new.get("cycle") else "NO CYCLE")
        settled = (*settled, "cycle")
    if parts:
        steps.append(Step(f"ALTER SEQUENCE {new.name} {' '.join(parts)}", settled))
    if old.get("unlogged") != new.get("unlogged"):
        logged = "UNLOGGED" if new.get("unlogged") else "LOGGED"
        steps.append(Step(f"ALTER SEQUENCE {new.name} SET {logged}", ("unlogged",)))
    return steps
