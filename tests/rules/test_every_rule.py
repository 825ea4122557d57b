"""Each rule is held to its own examples: BAD is reported, and GOOD is not reported by any rule."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lockgate.core.effects import Structure, apply
from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import Answer, UnitLinter, by_subject
from lockgate.core.rule import Family, Rule, Unit
from lockgate.core.script import read_script
from lockgate.core.sql.trees import parse
from lockgate.core.statement import Direction
from lockgate.migrations.offline import run_offline
from lockgate.migrations.revision_files import run_file
from lockgate.rules import rules
from lockgate.workflows.linting import (
    RevisionToLint,
    Surroundings,
    choose_rules,
    lint_revisions,
    read_source,
)

EVERY = [pytest.param(rule, id=f"{rule.CODE}-{rule.NAME}") for rule in rules()]
IN_SQL = [case for case, rule in zip(EVERY, rules(), strict=True) if rule.BAD]
IN_ALEMBIC = [case for case, rule in zip(EVERY, rules(), strict=True) if rule.BAD_ALEMBIC]
REVISION = '''\
"""An example"""

import sqlalchemy as sa
from alembic import op

revision = "abc"
down_revision = None


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
    op.execute("SELECT 1")
'''


def structure_of(rule: Rule) -> Structure:
    made = Structure()
    for parsed in parse(getattr(rule, "SCHEMA", "")):
        apply(made, parsed)
    return made


def lint_sql(rule: Rule, sql: str) -> list[Finding]:
    direction = Direction.DOWN if rule.FAMILY is Family.WAY_BACK else Direction.UP
    chosen = choose_rules(style=rule.FAMILY is Family.STYLE)
    chosen = tuple(r for r in chosen if r is rule or direction is Direction.UP)
    unit = Unit(structure_of(rule), 18, direction=direction, file="change.sql")
    stream = io.BytesIO(sql.encode("utf-8", "surrogateescape"))
    return only_findings(UnitLinter(by_subject(chosen), unit).script(read_script(stream)))


def only_findings(answers: Iterator[Answer]) -> list[Finding]:
    return [answer for answer in answers if isinstance(answer, Finding)]


def lint_alembic(rule: Rule, text: str, folder: Path) -> list[Finding]:
    if "def upgrade" not in text:
        text = REVISION.format(upgrade=textwrap.indent(text.strip("\n"), "    "))
    path = folder / "abc_example.py"
    path.write_text(text)
    module = run_file(str(path))
    up, down = (
        run_offline(getattr(module, way.value, lambda: None), str(path), way) for way in Direction
    )
    source = read_source("abc", str(path), text.encode())
    source = replace(source, unread=up.unread, unread_reason=up.problem or "", unread_line=up.line)
    if "multiple heads" in text:
        source = replace(source, heads=("abc", "def"))
    if "edited" in text:
        source = replace(source, edited=True, applied="dev")
    sent = [[(s.sql, s.line, s.transactional) for s in way.statements] for way in (up, down)]
    revision = RevisionToLint(source, tuple(sent[0]), tuple(sent[1]))
    chosen = choose_rules(style=rule.FAMILY is Family.STYLE)
    around = Surroundings(structure=structure_of(rule))
    return only_findings(lint_revisions([revision], chosen, around))


def loud(findings: list[Finding], rule: Rule) -> list[Finding]:
    """Errors, warnings, and whatever the rule itself says."""
    return [f for f in findings if f.severity is not Severity.INFO or f.code == rule.CODE]


@pytest.mark.parametrize("rule", IN_SQL)
def test_bad_sql_is_reported(rule: Rule) -> None:
    assert rule.CODE in {finding.code for finding in lint_sql(rule, rule.BAD)}


@pytest.mark.parametrize("rule", IN_SQL)
def test_good_sql_is_reported_by_no_rule(rule: Rule) -> None:
    assert loud(lint_sql(rule, rule.GOOD), rule) == []


@pytest.mark.parametrize("rule", IN_ALEMBIC)
def test_bad_revision_is_reported(rule: Rule, tmp_path: Path) -> None:
    found = lint_alembic(rule, rule.BAD_ALEMBIC, tmp_path)

    assert rule.CODE in {finding.code for finding in found}


def test_several_users_of_what_is_dropped_use_it() -> None:
    (rule,) = (rule for rule in rules() if rule.CODE == "LG033")
    more = "CREATE TABLE bills (payer bigint CONSTRAINT bills_payer_fkey REFERENCES people (id));"
    structure = structure_of(rule)
    for parsed in parse(more):
        apply(structure, parsed)
    script = read_script(io.BytesIO(rule.BAD.encode()))
    linter = UnitLinter(by_subject((rule,)), Unit(structure, 18, file="change.sql"))

    (found,) = only_findings(linter.script(script))

    assert found.message == (
        "fails: foreign key bills_payer_fkey of bills and foreign key orders_buyer_fkey of orders "
        "use people_pkey of people"
    )


@pytest.mark.parametrize("rule", IN_ALEMBIC)
def test_good_revision_is_reported_by_no_rule(rule: Rule, tmp_path: Path) -> None:
    assert loud(lint_alembic(rule, rule.GOOD_ALEMBIC, tmp_path), rule) == []
