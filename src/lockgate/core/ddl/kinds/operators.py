"""Operators, their families and classes."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.kinds.aggregates import operator_call
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit
from lockgate.core.ddl.text import split_list

KINDS = ("operator", "operator family", "operator class")


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE OPERATOR, CREATE OPERATOR FAMILY with its members, CREATE OPERATOR CLASS."""
    if unit.kind == "operator":
        return [Step(f"CREATE OPERATOR {unit.base} ({', '.join(_parts(unit))})")]
    if unit.kind == "operator family":
        members = _members(unit)
        steps = [Step(f"CREATE OPERATOR FAMILY {unit.name}")]
        if members:
            steps.append(Step(f"ALTER OPERATOR FAMILY {unit.name} ADD {', '.join(members)}"))
        return steps
    name, _, method = unit.name.rpartition(" USING ")
    default = "DEFAULT " if unit.get("default") else ""
    text = f"CREATE OPERATOR CLASS {name} {default}FOR TYPE {unit.properties['type']}"
    text += f" USING {method} FAMILY {unit.properties['family']} AS "
    stored = unit.get("storage")
    members = [*_members(unit), *([f"STORAGE {stored}"] if stored else [])]
    return [Step(text + ", ".join(members or [f"STORAGE {unit.properties['type']}"]))]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP OPERATOR, DROP OPERATOR FAMILY, DROP OPERATOR CLASS."""
    name = f"{unit.base} ({', '.join(_sides(unit))})" if unit.kind == "operator" else unit.name
    return [Step(f"DROP {unit.kind.upper()} {name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Members of a family come and go; the others are made anew."""
    if new.kind != "operator family":
        return None
    steps = []
    gone = [member for member in _members(old) if member not in _members(new)]
    come = [member for member in _members(new) if member not in _members(old)]
    if gone:
        listed = ", ".join(_dropped_member(member) for member in gone)
        steps.append(Step(f"ALTER OPERATOR FAMILY {new.name} DROP {listed}"))
    if come:
        steps.append(Step(f"ALTER OPERATOR FAMILY {new.name} ADD {', '.join(come)}"))
    return steps


def _sides(unit: Unit) -> list[str]:
    return split_list(unit.name[len(unit.base) + 1 : -1])


def _parts(unit: Unit) -> list[str]:
    found = [f"FUNCTION = {unit.properties['function']}"]
    for word, side in zip(("LEFTARG", "RIGHTARG"), _sides(unit), strict=True):
        if side != "NONE":
            found.append(f"{word} = {side}")
    for name, word in (("commutator", "COMMUTATOR"), ("negator", "NEGATOR")):
        if value := unit.get(name):
            found.append(f"{word} = {operator_call(value[: value.rindex('(')])}")
    for name, word in (("restriction", "RESTRICT"), ("join", "JOIN")):
        if value := unit.get(name):
            found.append(f"{word} = {value}")
    return found + [word.upper() for word in ("hashes", "merges") if unit.get(word)]


def _members(unit: Unit) -> list[str]:
    """Each member as CREATE and ADD take it; of a function, the types that it is kept under."""
    found = [f"OPERATOR {member}" for member in split_list(unit.get("operators") or "")]
    return found + [f"FUNCTION {member}" for member in split_list(unit.get("functions") or "")]


def _dropped_member(member: str) -> str:
    """`OPERATOR 1 (l,r)` of `OPERATOR 1 <(l,r)`, `FUNCTION 1 (l)` of `FUNCTION 1 (l) f(l)`."""
    word, number, rest = member.split(" ", 2)
    if word == "FUNCTION":
        return f"{word} {number} {rest[: rest.index(')') + 1]}"
    rest = rest.partition(" FOR ORDER BY ")[0]
    return f"{word} {number} {rest[rest.rindex('(') :]}"
