"""docs/settings.md describes every setting: type, default, and an example that loads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lockgate import config
from lockgate.config import load_settings
from lockgate.core.duration import parse_duration_ms
from lockgate.core.environment import Role

PAGE = (Path(__file__).parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")
TABLES: dict[str, type[msgspec.Struct]] = {
    "Top level": config._File,
    "scratch": config._ScratchTable,
    "environments.NAME": config._EnvironmentTable,
    "environments.NAME.checks": config._CheckTable,
}
# An example stands for itself in a file that has what else is needed.
FILES = {
    "Top level": "{}",
    "scratch": "[scratch]\n{}",
    "environments.NAME": 'environments.dev = { role = "development", url = "env:DEV" }\n'
    '[environments.x]\n{}\nrole = "staging"\nurl = "env:X"\n',
    "environments.NAME.checks": '[environments.x]\nrole = "staging"\nurl = "env:X"\n'
    '[[environments.x.checks]]\n{}\nname = "x"\nsql = "SELECT 1"\n',
}
EITHER_OR = {"url": "databases", "databases": "url", "sql": "command", "command": "sql"}


def sections() -> dict[str, dict[str, str]]:
    """What stands under each setting, by table and name."""
    tables = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    return {
        title: dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^### |\Z)", text, re.M | re.S))
        for title, text in tables
    }


SETTINGS = [
    pytest.param(table, field, id=f"{table}.{field.name}")
    for table, struct in TABLES.items()
    for field in msgspec.structs.fields(struct)
]


@pytest.mark.parametrize("table", TABLES)
def test_page_names_the_settings_there_are_and_no_others(table: str) -> None:
    expected = {field.name for field in msgspec.structs.fields(TABLES[table])}

    assert expected == sections()[table].keys()


@pytest.mark.parametrize(("table", "field"), SETTINGS)
def test_page_gives_type_and_default(table: str, field: msgspec.structs.FieldInfo) -> None:
    text = sections()[table][field.name].strip()

    assert text.replace("\n", " ").startswith(_opening(field))


def _opening(field: msgspec.structs.FieldInfo) -> str:
    if field.type is Role:
        return "One of " + ", ".join(f'`"{role}"`' for role in Role) + "; needed."
    kind = _kind(field)
    if field.required:
        return f"{kind}; needed."
    if isinstance(field.default, bool | str):
        return f"{kind}, default `{json.dumps(field.default)}`."
    return f"{kind}, default "


def _kind(field: msgspec.structs.FieldInfo) -> str:
    if isinstance(field.default, str) and _is_duration(field.default):
        return "Duration"
    kinds: dict[Any, str] = {  # Any: types and unions of types
        bool: "True or false",
        str: "Text",
        str | None: "Text",
        int | None: "Whole number",
        tuple[str, ...]: "List of texts",
        tuple[config._CheckTable, ...]: "List of tables",
    }
    return kinds.get(field.type, "Table")


def _is_duration(text: str) -> bool:
    try:
        parse_duration_ms(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("table", "field"), SETTINGS)
def test_example_loads(tmp_path: Path, table: str, field: msgspec.structs.FieldInfo) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", sections()[table][field.name], re.S)
    others = [
        line
        for line in FILES[table].splitlines()
        if line.partition(" =")[0] not in (field.name, EITHER_OR.get(field.name))
    ]
    path = tmp_path / "lockgate.toml"
    path.write_text("\n".join(others).replace("{}", example))

    assert field.name in example
    assert load_settings(path).path == path.resolve()


def test_first_example_of_the_page_loads(tmp_path: Path) -> None:
    path = tmp_path / "lockgate.toml"
    path.write_text(re.findall(r"```toml\n(.*?)```", PAGE, re.S)[0])

    assert [e.name for e in load_settings(path).environments] == ["dev", "prod"]
