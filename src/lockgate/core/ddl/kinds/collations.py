"""Collations and conversions."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit
from lockgate.core.ddl.text import literal

KINDS = ("collation", "conversion")


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE COLLATION, CREATE CONVERSION."""
    if unit.kind == "conversion":
        default = "DEFAULT " if unit.get("default") else ""
        source, target = (literal(unit.properties[name]) for name in ("from", "to"))
        text = f"CREATE {default}CONVERSION {unit.name} FOR {source} TO {target}"
        return [Step(f"{text} FROM {unit.properties['function']}")]
    provider = unit.properties["provider"]
    parts = [f"provider = {provider}"]
    if provider == "libc":
        parts.append(f"lc_collate = {literal(unit.properties['locale'])}")
        parts.append(f"lc_ctype = {literal(unit.properties['character classes'])}")
    else:
        parts.append(f"locale = {literal(unit.properties['locale'])}")
    if unit.get("deterministic"):
        parts.append("deterministic = false")
    if rules := unit.get("rules"):
        parts.append(f"rules = {literal(rules)}")
    return [Step(f"CREATE COLLATION {unit.name} ({', '.join(parts)})")]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP COLLATION, DROP CONVERSION."""
    return [Step(f"DROP {unit.kind.upper()} {unit.name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Nothing."""
    return None
