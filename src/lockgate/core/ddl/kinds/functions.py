"""Functions and procedures."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit
from lockgate.core.ddl.text import literal, split_list, unquote
from lockgate.core.option_text import split_options

KINDS = ("function", "procedure")


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE OR REPLACE FUNCTION, whole: what it does not say would be as usual again."""
    lines = [f"CREATE OR REPLACE {unit.kind.upper()} {unit.base}({unit.get('arguments') or ''})"]
    if unit.kind == "function" and unit.get("result"):
        lines.append(f"RETURNS {unit.properties['result']}")
    lines.append(" ".join(_attributes(unit)))
    for name, value in split_options(unit.get("configuration")).items():
        lines.append(f"SET {name} TO {_setting(name, value)}")
    lines.append(_body(unit))
    return [Step("\n".join(lines))]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP FUNCTION, DROP PROCEDURE."""
    return [Step(f"DROP {unit.kind.upper()} {dropped_name(unit)}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Replaced as a whole, if nothing of how it is called differs."""
    if any(old.get(name) != new.get(name) for name in ("arguments", "result", "window")):
        return None
    return [Step(step.sql) for step in create(new, alteration.after)]


def dropped_name(unit: Unit) -> str:
    """The name with the arguments, as DROP takes it; a procedure's OUT arguments count."""
    return f"{unit.base}({_undefaulted(unit)})" if unit.kind == "procedure" else unit.name


def _undefaulted(unit: Unit) -> str:
    arguments = split_list(unit.get("arguments") or "")
    return ", ".join(argument.partition(" DEFAULT ")[0] for argument in arguments)


def _attributes(unit: Unit) -> list[str]:
    found = [f"LANGUAGE {unit.properties['language']}"]
    if transforms := unit.get("transforms"):
        listed = ", ".join(f"FOR TYPE {name}" for name in split_list(transforms))
        found.append(f"TRANSFORM {listed}")
    if unit.kind == "function":
        if unit.get("window"):
            found.append("WINDOW")
        if unit.get("volatility") != "volatile":
            found.append(unit.properties["volatility"].upper())
        if unit.get("strict"):
            found.append("STRICT")
        if unit.get("leakproof"):
            found.append("LEAKPROOF")
        if unit.get("parallel") != "unsafe":
            found.append(f"PARALLEL {unit.properties['parallel'].upper()}")
        usual = "1" if unit.get("language") in ("internal", "c") else "100"
        if unit.get("cost") != usual:
            found.append(f"COST {unit.properties['cost']}")
        if (rows := unit.get("rows")) and rows != "0":
            found.append(f"ROWS {rows}")
        if support := unit.get("support"):
            found.append(f"SUPPORT {support}")
    if unit.get("security"):
        found.append("SECURITY DEFINER")
    return found


_LISTS = ("search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries")


def _setting(name: str, value: str) -> str:
    if name not in _LISTS:
        return literal(value)
    return ", ".join(literal(unquote(member.strip())) for member in split_list(value, ","))


def _body(unit: Unit) -> str:
    if unit.get("body parsed"):
        return unit.definition
    if library := unit.get("library"):
        return f"AS {literal(library)}, {literal(unit.definition)}"
    if unit.properties["language"] in ("internal", "c"):
        return f"AS {literal(unit.definition)}"
    mark = "function" if unit.kind == "function" else "procedure"
    while f"${mark}" in unit.definition:
        mark += "_"
    return f"AS ${mark}${unit.definition}${mark}$"
