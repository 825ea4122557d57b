"""A preview as a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockgate.core.duration import format_duration
from lockgate.core.finding import Finding, Severity
from lockgate.core.preview import Preview, PreviewedStatement
from lockgate.report.changes import changes_text
from lockgate.report.effects import MOST_SHOWN, does_words, lock_words
from lockgate.report.markdown import cell, code, fence, short
from lockgate.report.preview.parts import (
    dedented,
    on_database,
    own,
    sum_words,
)

MOST_CHARACTERS = 60_000
"""GitHub takes a comment of 65,536."""


def preview_markdown(preview: Preview) -> str:
    """What is locked and found at once, the SQL folded; a comment that fits leaves the SQL out."""
    whole = "\n".join(_lines(preview, with_sql=True))
    if len(whole) <= MOST_CHARACTERS:
        return whole
    return "\n".join(_lines(preview, with_sql=False))


def _lines(preview: Preview, *, with_sql: bool) -> Iterator[str]:
    if not preview.revisions:
        yield "### lockgate preview: nothing is pending"
        return
    yield f"### lockgate preview: {sum_words(preview)}"
    yield f"\nPostgreSQL {preview.server}, from {preview.start}."
    if preview.error is not None:
        yield f"\n**Stopped:** {cell(preview.error)}"
    for one in preview.revisions:
        yield f"\n#### `{one.revision}` {cell(one.message)}\n"
        yield from _locks(one.up)
        yield from _findings(one.findings)
        if one.down_error and not one.down:
            yield f"No way back: {cell(one.down_error)}\n"
        if with_sql:
            yield from _folded("SQL of the upgrade", one.up)
            yield from _folded("SQL of the way back", one.down)
    if not with_sql:
        yield "\nThe SQL is too long for a comment: `lockgate preview` shows it."
    if changes := changes_text(preview.changes):
        marks = fence(changes)
        shown = f"{marks}\n{changes}\n{marks}"
        yield f"\n<details><summary>Schema changes</summary>\n\n{shown}\n\n</details>"


def _locks(statements: Sequence[PreviewedStatement]) -> Iterator[str]:
    """A table of what blocks, or has a Forecast."""
    forecasts = any(s.forecast is not None for s in statements)
    rows = [row for _, s in own(statements) for row in _rows(s, forecasts=forecasts)]
    if not rows:
        yield "Blocks nobody.\n"
        return
    takes = (" takes |", "---|") if forecasts else ("", "")
    yield f"| line | statement | relation | lock | while |{takes[0]}"
    yield f"|---|---|---|---|---|{takes[1]}"
    yield from rows
    yield ""


def _rows(previewed: PreviewedStatement, *, forecasts: bool) -> Iterator[str]:
    line = f"{previewed.statement.line}{on_database(previewed.part)}"
    first = (cell(line), f"`{code(short(previewed.sql))}`")
    takes = _takes(previewed)
    blocking = [e for e in (previewed.effects.effects if previewed.effects else ()) if e.blocks]
    if not blocking and takes:
        yield _row(*first, "", "blocks neither", "", *[takes] * forecasts)
    for effect in blocking[:MOST_SHOWN]:
        lock, does = lock_words(effect), does_words(effect)
        yield _row(*first, f"`{code(effect.relation)}`", lock, does, *[takes] * forecasts)
        first, takes = ("", ""), ""
    if len(blocking) > MOST_SHOWN:
        yield _row(*first, f"and {len(blocking) - MOST_SHOWN} more", "", "", *[takes] * forecasts)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _takes(previewed: PreviewedStatement) -> str:
    forecast = previewed.forecast
    if forecast is None:
        return ""
    span = forecast.duration_ms
    low, high = format_duration(span.low), format_duration(span.high)
    return f"{format_duration(span.expected)} ({low} to {high})"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    order = list(Severity)
    told = [f for f in findings if f.severity is not Severity.INFO]
    if told:
        yield "| | line | what | instead |\n|---|---|---|---|"
        for finding in sorted(told, key=lambda f: order.index(f.severity)):
            label = f"**{finding.severity.value}** {finding.code}"
            yield _row(label, str(finding.line or ""), cell(finding.message), cell(finding.remedy))
        yield ""


def _folded(title: str, statements: Sequence[PreviewedStatement]) -> Iterator[str]:
    sent = [f"{_where(s)}{dedented(s.sql).rstrip(';')};" for _, s in own(statements)]
    if sent:
        yield f"<details><summary>{title}</summary>\n"
        marks = fence(" ".join(sent))
        yield from (f"{marks}sql", *sent, marks)
        yield "\n</details>\n"


def _where(previewed: PreviewedStatement) -> str:
    """A comment that says which of several databases a statement is for."""
    return f"--{on_database(previewed.part)}\n" if previewed.part else ""
