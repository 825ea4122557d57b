"""What `lockgate explain` found, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from lockgate.core.effect import StatementEffects
from lockgate.core.environment import PRIMARY
from lockgate.core.finding import Finding, Severity
from lockgate.core.forecast import Forecast
from lockgate.core.parsed import ParsedStatement, SyntaxProblem
from lockgate.report.colour import SHADES, painted
from lockgate.report.effects import effects_document, effects_lines
from lockgate.report.forecast import forecast_document, forecast_lines
from lockgate.report.wrapping import wrapped

INDENT = "   "


class Explained(Protocol):
    """A statement with its Effects."""

    @property
    def index(self) -> int:
        """Its place in the script, from 0."""
        ...

    @property
    def parsed(self) -> ParsedStatement:
        """Its text and line."""
        ...

    @property
    def effects(self) -> StatementEffects:
        """What it does."""
        ...

    @property
    def forecasts(self) -> Mapping[str, Forecast]:
        """What it costs on each database of the environment that was named."""
        ...


def explain_text(
    statements: Iterable[Explained],
    findings: Iterable[Finding],
    script: str,
    version: int,
    *,
    width: int,
    colour: bool,
    observed_on: str | None = None,
) -> str:
    """Each statement with a table of what it locks, and what the rules say of it."""
    lines: list[str] = []
    by_statement: dict[int | None, list[Finding]] = {}
    for finding in findings:
        by_statement.setdefault(finding.statement, []).append(finding)
    for found in statements:
        if lines:
            lines.append("")
        lines.append(_title(found, width))
        problem = found.parsed.problem
        if problem is not None:
            lines += [INDENT + line for line in problem_lines(problem, script, width)]
        lines += [INDENT + line for line in effects_lines(found.effects, colour=colour)]
        for part, forecast in found.forecasts.items():
            lines += [INDENT + f"on {part}"] * bool(part)
            room = width - len(INDENT)
            lines += [INDENT + line for line in forecast_lines(forecast, width=room)]
        if problem is None:
            lines += finding_lines(by_statement.get(found.index, ()), width, colour=colour)
    others = [one for one in by_statement.get(None, []) if one.severity is not Severity.INFO]
    if others:
        lines.append("")
        for one in others:
            place = "" if one.line is None else f"line {one.line}: "
            placed = replace(one, message=f"{place}{one.message}")
            lines += finding_lines([placed], width, colour=colour)
    if not lines:
        return "no statement to explain"
    how = f"observed on PostgreSQL {observed_on}" if observed_on else None
    return "\n".join([*lines, "", how or f"predicted for PostgreSQL {version}"])


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


def _title(found: Explained, width: int) -> str:
    place = f"line {found.parsed.line}"
    sql = " ".join(found.parsed.sql.split())
    room = max(width, 40) - len(place) - 2
    if len(sql) > room:
        sql = sql[: room - 2] + " …"
    return f"{sql:<{room}}  {place}"


def problem_lines(problem: SyntaxProblem, script: str, width: int) -> list[str]:
    """What the parser says, the line that it says it of, and a caret below the place."""
    lines = script.splitlines()
    text = lines[problem.line - 1] if 0 < problem.line <= len(lines) else ""
    room = max(width, 40) - len(INDENT) - 2
    start = max(0, min(problem.column - 1 - room // 2, len(text) - room))
    shown = text[start : start + room].replace("\t", " ")
    return [
        f"{problem.message}, line {problem.line} column {problem.column}",
        f"  {shown}",
        f"  {'':>{max(0, problem.column - 1 - start)}}^",
    ]


def explain_document(
    statements: Iterable[Explained],
    findings: Iterable[Finding],
    version: int,
    *,
    file: str | None,
) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "pg_version": version,
        "statements": [
            {
                "index": found.index,
                "sql": found.parsed.sql,
                "file": file,
                "line": found.parsed.line,
                "revision": None,
                **effects_document(found.effects),
                "forecast": forecast_document(found.forecasts.get(PRIMARY)),
                "forecasts": {
                    part: forecast_document(one) for part, one in found.forecasts.items() if part
                },
            }
            for found in statements
        ],
        "findings": [
            {
                "code": finding.code,
                "rule": finding.source,
                "severity": finding.severity.value,
                "statement": finding.statement,
                "relation": finding.relation,
                "message": finding.message,
                "remedy": finding.remedy,
                "file": finding.file,
                "line": finding.line,
            }
            for finding in findings
        ],
    }
