"""Findings as a person reads them: where, how bad, what, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import LintedStatement
from lockgate.report.colour import BOLD, DIM, SHADES, painted
from lockgate.report.columns import one_line
from lockgate.report.findings import Shown, counted_words, place, place_lines
from lockgate.report.wrapping import wrapped

NAME = "text"


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
    label = painted(finding.severity.value, SHADES[finding.severity], shown.colour)
    where = painted(place(finding), BOLD, shown.colour)
    yield f"{where}: {label} {finding.code} {finding.source}\n"
    if statement is not None:
        yield from _quoted(finding, statement, width, shown)
    lines = wrapped(finding.message, width, first="  ", rest="  ")
    lines += wrapped(f"-> {finding.remedy}", width, first="  ", rest="     ")
    yield from (f"{line}\n" for line in (*lines, ""))


def _quoted(
    finding: Finding, statement: LintedStatement, width: int, shown: Shown
) -> Iterator[str]:
    """The statement in one line; or, with a column, its line and a caret under the place."""
    room = width - 4
    if finding.column is None or finding.line is None:
        yield "  " + painted(one_line(statement.sql, room), DIM, shown.colour) + "\n"
        return
    yield from (
        f"  {line}\n" for line in place_lines(statement, finding.line, finding.column, room)
    )
