"""Aggregates: never altered, since CREATE OR REPLACE keeps their calls and little else."""

from __future__ import annotations

import re

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit
from lockgate.core.ddl.text import OPERATOR

KINDS = ("aggregate",)

PLAIN = {
    "transition function": "SFUNC",
    "transition type": "STYPE",
    "transition space": "SSPACE",
    "final function": "FINALFUNC",
    "combine function": "COMBINEFUNC",
    "serial function": "SERIALFUNC",
    "deserial function": "DESERIALFUNC",
    "initial value": "INITCOND",
    "moving transition function": "MSFUNC",
    "moving inverse function": "MINVFUNC",
    "moving transition type": "MSTYPE",
    "moving transition space": "MSSPACE",
    "moving final function": "MFINALFUNC",
    "moving initial value": "MINITCOND",
}
MODIFIES = {"r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"}


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE AGGREGATE."""
    found = [f"{word} = {unit.get(name)}" for name, word in PLAIN.items() if unit.get(name)]
    if unit.get("final extra"):
        found.append("FINALFUNC_EXTRA")
    if unit.get("final function"):
        found.append(f"FINALFUNC_MODIFY = {MODIFIES[unit.properties['final modify']]}")
    if unit.get("moving final extra"):
        found.append("MFINALFUNC_EXTRA")
    if unit.get("moving final function"):
        found.append(f"MFINALFUNC_MODIFY = {MODIFIES[unit.properties['moving final modify']]}")
    if operator := unit.get("sort operator"):
        found.append(f"SORTOP = {operator_call(operator)}")
    if unit.get("form") == "hypothetical set":
        found.append("HYPOTHETICAL")
    found.append(f"PARALLEL = {unit.properties['parallel'].upper()}")
    return [Step(f"CREATE AGGREGATE {unit.base}({_arguments(unit)}) ({', '.join(found)})")]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP AGGREGATE."""
    return [Step(f"DROP AGGREGATE {unit.base}({_arguments(unit)})")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Nothing."""
    return None


def operator_call(name: str) -> str:
    """An operator's name with its schema, as it stands where a plain one may stand."""
    return f"OPERATOR({name})" if re.search(rf"\.{OPERATOR}$", name) else name


def _arguments(unit: Unit) -> str:
    return unit.get("arguments") or "*"
