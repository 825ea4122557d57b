"""Casts and transforms."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit

KINDS = ("cast", "transform")

WITHOUT = {"inout": "WITH INOUT", "binary": "WITHOUT FUNCTION"}
CONTEXTS = {"explicit": "", "assignment": " AS ASSIGNMENT", "implicit": " AS IMPLICIT"}


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE CAST, CREATE TRANSFORM."""
    if unit.kind == "cast":
        method = unit.properties["method"]
        how = WITHOUT.get(method, f"WITH FUNCTION {method}")
        return [Step(f"CREATE CAST {unit.name} {how}{CONTEXTS[unit.properties['context']]}")]
    parts = [
        f"{name.upper()} WITH FUNCTION {unit.get(name)}"
        for name in ("from sql", "to sql")
        if unit.get(name)
    ]
    return [Step(f"CREATE TRANSFORM {_transform(unit)} ({', '.join(parts)})")]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP CAST, DROP TRANSFORM."""
    name = unit.name if unit.kind == "cast" else _transform(unit)
    return [Step(f"DROP {unit.kind.upper()} {name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Nothing."""
    return None


def _transform(unit: Unit) -> str:
    name, _, language = unit.name.rpartition(" for ")
    return f"FOR {name} LANGUAGE {language}"
