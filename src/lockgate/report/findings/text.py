"""Findings as a person reads them: where, how bad, what, and what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import LintedStatement
from lockgate.report.findings import Shown, counted_words, place

NAME = "text"
_SHADES = {Severity.ERROR: "\033[31m", Severity.WARNING: "\033[33m", Severity.INFO: "\033[2m"}
_BOLD, _DIM, _PLAIN = "\033[1m", "\033[2m", "\033[0m"


def render(answers: Iterable[LintedStatement | Finding], shown: Shown) -> Iterator[str]:
    """A paragraph for each Finding, under its statement, and the sum."""
    statements = 0
    last: LintedStatement | None = None
    counted = dict.fromkeys(Severity, 0)
    hidden = 0
    for answer in answers:
        if isinstance(answer, LintedStatement):
            statements += 1
            last = answer
            continue
        counted[answer.severity] += 1
        if answer.severity is Severity.INFO and not shown.verbose:
            hidden += 1
            continue
        about = last if last is not None and answer.statement == last.index else None
        yield from _paragraph(answer, about, shown)
    more = f"; --verbose shows the {hidden} info" if hidden else ""
    what = "statement" if statements == 1 else "statements"
    yield f"{statements} {what}, {counted_words(counted)} (PostgreSQL {shown.version}){more}\n"


def _paragraph(finding: Finding, statement: LintedStatement | None, shown: Shown) -> Iterator[str]:
    width = max(shown.width, 40)
    label = _painted(finding.severity.value, _SHADES[finding.severity], shown)
    where = _painted(place(finding), _BOLD, shown)
    yield f"{where}: {label} {finding.code} {finding.source}\n"
    if statement is not None:
        yield from _quoted(finding, statement, width, shown)
    yield from _wrapped(finding.message, "  ", width)
    yield from _wrapped(f"-> {finding.remedy}", "  ", width)
    yield "\n"


def _quoted(
    finding: Finding, statement: LintedStatement, width: int, shown: Shown
) -> Iterator[str]:
    """The statement in one line; or, with a column, its line and a caret under the place."""
    room = width - 4
    if finding.column is None or finding.line is None:
        sql = " ".join(statement.sql[: room * 4].split())
        cut = sql if len(sql) <= room else sql[: room - 2] + " …"
        yield "  " + _painted(cut, _DIM, shown) + "\n"
        return
    lines = statement.sql.split("\n")
    number = finding.line - statement.line
    text = lines[number] if 0 <= number < len(lines) else ""
    # The statement's own first line begins where it begins in the file.
    at = finding.column - 1 - (statement.column - 1 if number == 0 else 0)
    start = max(0, min(at - room // 2, len(text) - room))
    yield "  " + text[start : start + room].replace("\t", " ") + "\n"
    yield f"  {'':>{max(0, at - start)}}^\n"


def _wrapped(text: str, indent: str, width: int) -> Iterator[str]:
    lines = textwrap.wrap(text, width - len(indent), break_long_words=False, break_on_hyphens=False)
    yield from (
        f"{indent}{'' if number == 0 else ' ' * 3 * text.startswith('->')}{line}\n"
        for number, line in enumerate(lines)
    )


def _painted(text: str, shade: str, shown: Shown) -> str:
    return f"{shade}{text}{_PLAIN}" if shown.colour else text
