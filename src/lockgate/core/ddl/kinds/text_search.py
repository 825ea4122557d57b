"""Text search: parsers, templates, dictionaries, configurations with their mappings."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit
from lockgate.core.ddl.text import split_list

KINDS = (
    "text search parser",
    "text search template",
    "text search dictionary",
    "text search configuration",
)

FUNCTIONS = {
    "start": "START",
    "token": "GETTOKEN",
    "end": "END",
    "headline": "HEADLINE",
    "lextypes": "LEXTYPES",
    "init": "INIT",
    "lexize": "LEXIZE",
    "template": "TEMPLATE",
    "parser": "PARSER",
}


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE TEXT SEARCH, and ADD MAPPING for each kind of token."""
    parts = [f"{word} = {unit.get(name)}" for name, word in FUNCTIONS.items() if unit.get(name)]
    if options := unit.get("options"):
        parts.append(options)
    steps = [Step(f"CREATE {unit.kind.upper()} {unit.name} ({', '.join(parts)})")]
    return steps + _mapped(unit.name, {}, _mappings(unit))


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP TEXT SEARCH."""
    return [Step(f"DROP {unit.kind.upper()} {unit.name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """The mappings of a configuration."""
    if new.kind != "text search configuration":
        return None
    if alteration.property_differs(old, new, "mappings"):
        return None
    return _mapped(new.name, _mappings(old), _mappings(new))


def _mappings(unit: Unit) -> dict[str, str]:
    pairs = (text.partition(": ") for text in split_list(unit.get("mappings") or "", "; "))
    return {token: dictionaries for token, _, dictionaries in pairs}


def _mapped(name: str, old: dict[str, str], new: dict[str, str]) -> list[Step]:
    steps = []
    begin = f"ALTER TEXT SEARCH CONFIGURATION {name}"
    for token in sorted(old.keys() | new.keys()):
        if old.get(token) == new.get(token):
            continue
        if token not in new:
            steps.append(Step(f"{begin} DROP MAPPING FOR {token}"))
        else:
            verb = "ALTER" if token in old else "ADD"
            steps.append(Step(f"{begin} {verb} MAPPING FOR {token} WITH {new[token]}"))
    return steps
