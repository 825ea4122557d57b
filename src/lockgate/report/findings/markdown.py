"""Findings as a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import LintedStatement
from lockgate.report.effects import does_words, lock_words
from lockgate.report.findings import Shown, counted_words, place
from lockgate.report.markdown import cell, code, short

NAME = "markdown"
_MOST_STATEMENTS = 100
_MOST_FINDINGS = 150


def render(answers: Iterable[LintedStatement | Finding], shown: Shown) -> Iterator[str]:
    """A table of Findings, the worst first, and one of the statements that lock a table."""
    # GitHub takes a comment of 65,536 characters, which is less than it takes to show more.
    findings: list[Finding] = []
    counted = dict.fromkeys(Severity, 0)
    order = list(Severity)
    rows: list[str] = []
    statements = 0
    for answer in answers:
        if isinstance(answer, Finding):
            counted[answer.severity] += 1
            findings.append(answer)
            if len(findings) > 2 * _MOST_FINDINGS:
                findings = sorted(findings, key=lambda f: order.index(f.severity))[:_MOST_FINDINGS]
            continue
        statements += 1
        if len(rows) < _MOST_STATEMENTS:
            rows += _rows(answer)
    yield f"### lockgate lint: {counted_words(counted)}\n\n"
    if findings:
        yield "| | where | what | instead |\n|---|---|---|---|\n"
        worst = sorted(findings, key=lambda f: order.index(f.severity))[:_MOST_FINDINGS]
        for finding in worst:
            cells = (
                f"**{finding.severity.value}** {finding.code}",
                f"`{code(place(finding))}`",
                cell(finding.message),
                cell(finding.remedy),
            )
            yield f"| {' | '.join(cells)} |\n"
        yield "\n"
        left = sum(counted.values()) - len(worst)
        if left:
            yield f"and {left:,} more, none of them worse\n\n"
    if rows:
        yield "<details><summary>What is locked</summary>\n\n"
        yield "| statement | relation | lock | while |\n|---|---|---|---|\n"
        yield from rows
        yield "\n</details>\n\n"
    what = "statement" if statements == 1 else "statements"
    yield f"{statements} {what}, predicted for PostgreSQL {shown.version}\n"


def _rows(found: LintedStatement) -> Iterator[str]:
    for effect in found.effects.effects:
        if effect.blocks:
            sql, relation = code(short(found.sql)), code(effect.relation)
            yield f"| `{sql}` | `{relation}` | {lock_words(effect)} | {does_words(effect)} |\n"
