"""What `lockgate explain` found, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import LintedStatement
from lockgate.report.colour import SHADES, painted
from lockgate.report.columns import columns, one_line
from lockgate.report.effects import effects_lines
from lockgate.report.findings import place_lines
from lockgate.report.findings.json import document_pieces
from lockgate.report.forecast import forecast_lines
from lockgate.report.wrapping import wrapped

INDENT = "   "


def explain_text(
    answers: Iterable[LintedStatement | Finding],
    version: int,
    *,
    width: int,
    colour: bool,
    observed_on: str | None = None,
) -> Iterator[str]:
    """Each statement as it comes with what it locks, and below it what the rules say of it."""
    last: LintedStatement | None = None
    empty = True
    for answer in answers:
        if isinstance(answer, LintedStatement):
            last = answer
            lines = _statement_lines(answer, width, observed=observed_on is not None, colour=colour)
            apart = not empty
        elif last is not None and answer.statement == last.index:
            # Of one that cannot be read it was said above.
            lines = [] if last.parsed.problem else finding_lines([answer], width, colour=colour)
            apart = False
        else:
            place = "" if answer.line is None else f"line {answer.line}: "
            placed = replace(answer, message=f"{place}{answer.message}")
            lines = finding_lines([placed], width, colour=colour)
            apart, last = not empty, None
        if lines:
            empty = False
            yield "\n" * apart + "\n".join(lines) + "\n"
    how = f"observed on PostgreSQL {observed_on}" if observed_on else None
    how = how or f"predicted for PostgreSQL {version}"
    yield "no statement to explain\n" if empty else f"\n{how}\n"


def _statement_lines(
    found: LintedStatement, width: int, *, observed: bool, colour: bool
) -> list[str]:
    lines = [_title(found, width)]
    problem = found.parsed.problem
    room = max(width, 40) - len(INDENT)
    if problem is not None:
        said = f"{problem.message}, line {problem.line} column {problem.column}"
        lines += wrapped(said, width, first=INDENT, rest=INDENT)
        pointed = place_lines(found, problem.line, problem.column, room - 2)
        lines += [f"{INDENT}  {line}" for line in pointed]
    effects = effects_lines(found.effects, colour=colour, observed=observed)
    lines += [INDENT + line for line in effects]
    for part, forecast in found.forecasts.items():
        lines += [INDENT + f"on {part}"] * bool(part)
        lines += [INDENT + line for line in forecast_lines(forecast, width=room)]
    return lines


def _title(found: LintedStatement, width: int) -> str:
    place = f"line {found.line}"
    room = max(width, 40) - len(place) - 2
    sql = one_line(found.sql, room)
    return f"{sql}{'':{room - columns(sql)}}  {place}"


def finding_lines(findings: Iterable[Finding], width: int, *, colour: bool) -> list[str]:
    """Each Finding with its remedy; what is only said is left to `lockgate lint --verbose`."""
    lines: list[str] = []
    for finding in findings:
        if finding.severity is Severity.INFO:
            continue
        label = f"{finding.severity.value} {finding.code}"
        start = len(lines)
        said = f"{label}: {finding.message}"
        lines += wrapped(said, width, first=INDENT, rest=INDENT + "  ")
        lines += wrapped(f"-> {finding.remedy}", width, first=INDENT + "  ", rest=INDENT + "     ")
        shown = painted(label, SHADES[finding.severity], colour)
        lines[start] = lines[start].replace(label, shown, 1)
    return lines


def explain_document(answers: Iterable[LintedStatement | Finding], version: int) -> Iterator[str]:
    """The same as one JSON document, piece by piece."""
    return document_pieces("explain", answers, version)
