"""Composite types with their attributes, ranges, base types and shells."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import SHELL, Structure, Unit
from lockgate.core.ddl.text import literal, split_list

KINDS = ("type", "attribute", SHELL)


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE TYPE in its four forms, ADD ATTRIBUTE."""
    if unit.kind == "attribute":
        added = f"ADD ATTRIBUTE {_attribute(unit)} CASCADE"
        return [Step(f"ALTER TYPE {unit.table} {added}")]
    begin = f"CREATE TYPE {unit.name}"
    match unit.get("form"):
        case "composite":
            attributes = (
                structure.units["attribute", f"{unit.name}.{name}"]
                for name in split_list(unit.get("attributes") or "")
            )
            return [Step(f"{begin} AS ({', '.join(map(_attribute, attributes))})")]
        case "range":
            return [Step(f"{begin} AS RANGE ({', '.join(_range(unit))})")]
        case "base":
            return [Step(f"{begin} ({', '.join(_base(unit))})")]
    return [Step(begin)]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP TYPE, of a base type with its functions; DROP ATTRIBUTE."""
    if unit.kind == "attribute":
        return [Step(f"ALTER TYPE {unit.table} DROP ATTRIBUTE {unit.own_name} CASCADE")]
    if unit.kind == SHELL:
        return [Step(f"DROP TYPE {unit.name}")]
    functions = " CASCADE" if (SHELL, unit.name) in structure.units else ""
    return [Step(f"DROP TYPE {unit.name}{functions}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Attributes come at the end and go; a shell is filled; the rest is made anew."""
    if new.kind == "attribute":
        if any(alteration.before.units[key].kind == "column" for key in _holders(old, alteration)):
            return None
        type_of = new.properties["type"]
        collation = f" COLLATE {new.get('collation')}" if new.get("collation") else ""
        altered = f"ALTER ATTRIBUTE {new.own_name} TYPE {type_of}{collation} CASCADE"
        return [Step(f"ALTER TYPE {new.table} {altered}")]
    if alteration.property_differs(old, new, "attributes") or new.get("form") != "composite":
        return None
    before, after = (split_list(unit.get("attributes") or "") for unit in (old, new))
    kept = [name for name in before if name in after]
    if after[: len(kept)] != kept:
        return None
    added = [alteration.after.units["attribute", f"{new.name}.{a}"] for a in after[len(kept) :]]
    return [step for one in added for step in create(one, alteration.after)]


def _holders(attribute: Unit, alteration: Alteration) -> list[tuple[str, str]]:
    return alteration.before.dependents(("type", attribute.table))


def _attribute(unit: Unit) -> str:
    collation = f" COLLATE {unit.get('collation')}" if unit.get("collation") else ""
    return f"{unit.own_name} {unit.properties['type']}{collation}"


_RANGE = {
    "subtype": "SUBTYPE",
    "operator class": "SUBTYPE_OPCLASS",
    "collation": "COLLATION",
    "canonical": "CANONICAL",
    "subtype difference": "SUBTYPE_DIFF",
    "multirange": "MULTIRANGE_TYPE_NAME",
}


def _range(unit: Unit) -> list[str]:
    return [f"{word} = {unit.get(name)}" for name, word in _RANGE.items() if unit.get(name)]


_BASE = {
    "input": "INPUT",
    "output": "OUTPUT",
    "receive": "RECEIVE",
    "send": "SEND",
    "modifiers_in": "TYPMOD_IN",
    "modifiers_out": "TYPMOD_OUT",
    "analyze": "ANALYZE",
    "subscript": "SUBSCRIPT",
    "element": "ELEMENT",
}
_ALIGNMENTS = {"c": "char", "s": "int2", "i": "int4", "d": "double"}
_STORAGES = {"p": "plain", "e": "external", "x": "extended", "m": "main"}


def _base(unit: Unit) -> list[str]:
    found = [f"{word} = {unit.get(name)}" for name, word in _BASE.items() if unit.get(name)]
    length = unit.properties["length"]
    found.append(f"INTERNALLENGTH = {'VARIABLE' if length == '-1' else length}")
    if unit.get("by_value"):
        found.append("PASSEDBYVALUE")
    found.append(f"ALIGNMENT = {_ALIGNMENTS[unit.properties['alignment']]}")
    found.append(f"STORAGE = {_STORAGES[unit.properties['storage']]}")
    found.append(f"CATEGORY = {literal(unit.properties['category'])}")
    if unit.get("preferred"):
        found.append("PREFERRED = true")
    if (default := unit.get("default")) is not None:
        found.append(f"DEFAULT = {literal(default)}")
    found.append(f"DELIMITER = {literal(unit.properties['delimiter'])}")
    if unit.get("collatable"):
        found.append("COLLATABLE = true")
    return found
