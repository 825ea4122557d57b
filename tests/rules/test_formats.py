"""What other programs read of lint has the form that they ask for, whatever the names in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
import pytest
from markdown_it import MarkdownIt

from lockgate.core.effect import StatementEffects
from lockgate.core.effects import Structure, predict
from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import LintedStatement
from lockgate.core.rule import entry_of
from lockgate.core.sql.trees import parse_one
from lockgate.report.findings import Shown, formats
from lockgate.workflows.linting import choose_rules

EVIL = "a|b`c*<img src=x>[t](http://e.org)\n::error::@team %0A\x1b[31m,:\u202e\\"
SHOWN = Shown(18, tuple(entry_of(rule) for rule in choose_rules()), "0.1.0")


def written(name: str, *found: Finding) -> str:
    return "".join(formats()[name].render(iter(found), SHOWN))


def finding(**changed: object) -> Finding:
    given = {"file": "a b/c,d.sql", "line": 3, "column": 7} | changed
    return Finding("LG001", "index-not-concurrent", EVIL, EVIL, **given)  # type: ignore[arg-type]


FOUND = (
    finding(),
    finding(),
    finding(severity=Severity.INFO, column=None),
    finding(severity=Severity.WARNING, file=None, line=None, column=None),
)

# SARIF 2.1.0 (OASIS, 2020), as far as lint writes it: 3.13 sarifLog, 3.14 run, 3.18 tool,
# 3.19 toolComponent, 3.49 reportingDescriptor, 3.27 result, 3.29 physicalLocation, 3.30 region.

Text = Annotated[str, msgspec.Meta(min_length=1)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Uri = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._~!$&'()*+,;=:@/%-]+$")]


class Strict(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """An object that has nothing but what is named."""


class Message(Strict):
    text: Text


class Configuration(Strict):
    level: Literal["none", "note", "warning", "error"]


class Descriptor(Strict):
    id: Text
    name: Text
    short_description: Message
    help: Message
    default_configuration: Configuration


class Driver(Strict):
    name: Text
    version: Text
    rules: list[Descriptor]


class Tool(Strict):
    driver: Driver


class Artifact(Strict):
    uri: Uri


class Region(Strict):
    start_line: Positive
    start_column: Positive = 1


class Physical(Strict):
    artifact_location: Artifact
    region: Region


class Location(Strict):
    physical_location: Physical


class Result(Strict):
    rule_id: Text
    level: Literal["none", "note", "warning", "error"]
    message: Message
    partial_fingerprints: dict[str, Text]
    rule_index: Annotated[int, msgspec.Meta(ge=0)]
    locations: list[Location] = []


class Run(Strict):
    tool: Tool
    column_kind: Literal["utf16CodeUnits", "unicodeCodePoints"]
    results: list[Result]


class Log(Strict):
    version: Literal["2.1.0"]
    runs: list[Run]
    schema: Uri = msgspec.field(name="$schema")


@pytest.mark.parametrize("found", [(), FOUND])
def test_sarif_has_the_form_that_its_standard_gives(found: tuple[Finding, ...]) -> None:
    log = msgspec.json.decode(written("sarif", *found), type=Log)

    (run,) = log.runs
    assert len(found) == len(run.results)
    assert len({rule.id for rule in run.tool.driver.rules}) == len(run.tool.driver.rules)
    assert all(
        run.tool.driver.rules[result.rule_index].id == result.rule_id for result in run.results
    )


def test_sarif_names_no_place_where_there_is_none() -> None:
    log = msgspec.json.decode(written("sarif", *FOUND), type=Log)

    places = [len(result.locations) for result in log.runs[0].results]
    assert [1, 1, 1, 0] == places
    artifact = log.runs[0].results[0].locations[0].physical_location.artifact_location
    assert "a%20b/c%2Cd.sql" == artifact.uri


# GitLab's code quality report, as its documentation has it


class Lines(Strict):
    begin: Positive


class GitlabPlace(Strict):
    path: str
    lines: Lines


class Issue(Strict, rename=None):
    description: Text
    check_name: Text
    fingerprint: Text
    severity: Literal["info", "minor", "major", "critical", "blocker"]
    location: GitlabPlace


@pytest.mark.parametrize("found", [(), FOUND])
def test_gitlab_has_the_form_that_its_documentation_gives(found: tuple[Finding, ...]) -> None:
    issues = msgspec.json.decode(written("gitlab", *found), type=list[Issue])

    assert len(found) == len(issues)
    assert len(issues) == len({issue.fingerprint for issue in issues})


# GitHub


def test_an_annotation_is_one_command_whatever_the_names() -> None:
    *commands, last = written("github", *FOUND).splitlines()

    assert len(FOUND) == len(commands)
    form = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^,:\r\n]*,?)+)::([^\r\n]*)")
    for command in commands:
        match = form.fullmatch(command)
        assert match is not None
        assert "\x1b" not in command
        assert not re.search("%(?!25|0A|0D|3A|2C)", command)
    assert "file=a b/c%2Cd.sql,line=3,col=7," in commands[0]
    assert last.startswith("2 errors, 1 warning, 1 info")


# Markdown


def test_markdown_keeps_its_table_and_has_no_links() -> None:
    sql = f'DROP TABLE "{EVIL}"'
    statement = LintedStatement(0, parse_one(sql), 1, 1, None, None, _effects(sql))
    content = "".join(formats()["markdown"].render([statement, *FOUND], SHOWN))

    tokens = MarkdownIt("commonmark").enable("table").parse(content)
    kinds = [token.type for token in tokens]
    assert 2 == kinds.count("table_open")
    assert 4 * 5 == sum(1 for kind in _cells(kinds, table=1))
    assert 4 * 2 == sum(1 for kind in _cells(kinds, table=2))
    inner = {child.type for token in tokens for child in token.children or ()}
    assert inner <= {"text", "text_special", "code_inline", "strong_open", "strong_close"}
    spoken = "".join(c.content for t in tokens for c in t.children or () if c.type == "text")
    assert "@team" not in spoken


def _cells(kinds: list[str], *, table: int) -> Iterator[str]:
    seen = 0
    for kind in kinds:
        seen += kind == "table_open"
        if seen == table and kind in ("th_open", "td_open"):
            yield kind


def _effects(sql: str) -> StatementEffects:
    return predict(parse_one(sql), Structure(), 18)


def test_markdown_of_many_findings_fits_a_comment() -> None:
    many = [finding(line=n, severity=Severity.WARNING) for n in range(1, 5000)]

    content = written("markdown", *many, FOUND[0])

    assert len(content) < 65_536
    assert content.startswith("### lockgate lint: 1 error, 4999 warnings")
    assert "| **error** LG001" in content
    assert "and 4,850 more, none of them worse" in content


def test_json_is_one_document_without_statements_too() -> None:
    assert {"schema": "lockgate/lint/1", "pg_version": 18, "statements": [], "findings": []} == (
        json.loads(written("json"))
    )
