"""docs/sources.md has a section for each source, and its examples are read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from pkgutil import iter_modules

import pytest

import lockgate.secrets
from lockgate.secrets import is_local

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))
SOURCES = sorted(
    module.name
    for module in iter_modules(lockgate.secrets.__path__)
    if not module.name.startswith("_")
)


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_has_a_section_with_an_example(source: str) -> None:
    section = SECTIONS[source.replace("_", "-")]

    examples = re.findall(r"```toml\n(.*?)```", section, re.S)

    schemes = [tomllib.loads(example)["url"].partition(":")[0] for example in examples]
    assert [source.replace("_", "-")] == schemes
    assert isinstance(is_local(f"{schemes[0]}:"), bool)


@pytest.mark.parametrize("source", SOURCES)
def test_each_option_that_a_source_reads_is_in_its_section(source: str) -> None:
    folder = Path(lockgate.secrets.__file__).parent
    code = (folder / f"{source}.py").read_text()
    if "_aws import" in code:
        code += (folder / "_aws.py").read_text()

    options = set(re.findall(r'options(?:\.get\(|\[)"(\w+)"', code))

    section = SECTIONS[source.replace("_", "-")]
    assert not [option for option in options if f"`{option}`" not in section]
