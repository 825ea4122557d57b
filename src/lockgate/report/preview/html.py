"""A preview as a page that stands for itself: to be kept by CI, sent, or printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from lockgate.core.agreement import disagreement_words
from lockgate.core.effect import StatementEffects, Transactional
from lockgate.core.finding import Finding, Severity
from lockgate.core.preview import Preview, PreviewedRevision, PreviewedStatement
from lockgate.report.changes import changes_text
from lockgate.report.effects import MOST_SHOWN, does_words, lock_words
from lockgate.report.filled import filled_text
from lockgate.report.forecast import phrases
from lockgate.report.page import page_start
from lockgate.report.preview.parts import (
    Placed,
    dedented,
    divided,
    found_words,
    on_database,
    own,
    sum_words,
    worst,
)


def preview_html(preview: Preview) -> str:
    """The page; it loads nothing, runs no script, and can be read in the dark."""
    return "\n".join(_lines(preview)) + "\n"


def _lines(preview: Preview) -> Iterator[str]:
    yield page_start("lockgate preview")
    if not preview.revisions:
        yield "<p>Nothing is pending.</p>"
        return
    yield f"<p>{escape(sum_words(preview))}</p>"
    yield f'<p class="dim">on PostgreSQL {escape(preview.server)}, from {escape(preview.start)}</p>'
    yield from (f'<p class="dim">{escape(line)}</p>' for line in filled_text(preview.filled))
    if preview.error is not None:
        yield f'<p class="error"><b>stopped</b>: {escape(preview.error)}</p>'
    yield from _contents(preview.revisions)
    if preview.beforehand:
        yield "<h2>Beforehand, from env.py and Alembic</h2>"
        yield from (f"<pre>{escape(dedented(sql))}</pre>" for sql in preview.beforehand)
    for one in preview.revisions:
        yield from _revision(one)
    changes = changes_text(preview.changes)
    yield f"<h2>Schema changes</h2>\n<pre>{escape(changes)}</pre>" if changes else ""


def _contents(revisions: Sequence[PreviewedRevision]) -> Iterator[str]:
    """The revisions at a glance, each with a way to its place below."""
    yield "<table><tr><th>revision<th>what<th>blocks at most<th>findings</tr>"
    for one in revisions:
        blocks = max((worst(s.effects) for _, s in own(one.up)), key=len, default=())
        name = escape(one.revision)
        yield (
            f'<tr class="{_shade(blocks)}"><td><a href="#{name}"><code>{name}</code></a>'
            f'<td>{escape(one.message)}<td class="lock">{" and ".join(blocks) or "nobody"}'
            f"<td>{found_words([one])}</tr>"
        )
    yield "</table>"


def _revision(one: PreviewedRevision) -> Iterator[str]:
    up, down, other = divided(one)
    name = escape(one.revision)
    yield f'<section id="{name}">\n<h2><code>{name}</code> {escape(one.message)}</h2>'
    yield f'<p class="file">{escape(Path(one.file).name)}</p>'
    yield from _findings(other)
    yield from _statements(one.up, up)
    if one.down:
        yield "<details><summary>the way back</summary>"
        yield from _statements(one.down, down)
        yield "</details>"
    elif one.down_error:
        yield f"<p>no way back: {escape(one.down_error)}</p>"
    yield "</section>"


def _statements(statements: Sequence[PreviewedStatement], findings: Placed) -> Iterator[str]:
    sent = list(own(statements))
    if not sent:
        yield '<p class="dim">no statements</p>'
    for place, previewed in sent:
        statement = previewed.statement
        outside = "" if statement.transactional else ", outside a transaction"
        on = escape(on_database(previewed.part))
        yield f'<article class="{_shade(worst(previewed.effects))}">'
        yield f'<p class="file">line {statement.line}{on}{outside}</p>'
        yield f"<pre>{escape(dedented(previewed.sql))}</pre>"
        if previewed.effects is not None:
            yield from _effects(previewed.effects)
        for text in previewed.disagreements:
            said = disagreement_words(text)
            yield f'<p class="error"><b>disagreement</b>: {escape(said)}</p>'
        if previewed.forecast is not None:
            yield f"<p>forecast: {'<br>'.join(map(escape, phrases(previewed.forecast)))}</p>"
        yield from _findings(findings.get(place, ()))
        yield "</article>"


def _effects(found: StatementEffects) -> Iterator[str]:
    if found.transaction is Transactional.FORBIDDEN:
        yield "<p>cannot run inside a transaction block</p>"
    if found.fails_if_rows:
        yield '<p class="error"><b>fails as soon as there is a row</b></p>'
    if not found.effects:
        yield '<p class="dim">locks no table</p>'
        return
    yield "<table>"
    for effect in found.effects[:MOST_SHOWN]:
        yield (
            f'<tr class="{_shade(effect.blocks)}"><td><code>{escape(effect.relation)}</code>'
            f'<td class="lock">{escape(lock_words(effect))}'
            f"<td>{escape(does_words(effect))}</tr>"
        )
    if left := found.effects[MOST_SHOWN:]:
        yield f"<tr><td colspan=3>and {len(left)} more, none with a stronger lock</tr>"
    yield "</table>"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.severity is not Severity.INFO:
            kind = finding.severity.value
            yield (
                f'<p class="finding {kind}"><b>{kind} {escape(finding.code)}</b>: '
                f"{escape(finding.message)}<br>→ {escape(finding.remedy)}</p>"
            )


def _shade(blocks: tuple[str, ...]) -> str:
    return "reads" if "reads" in blocks else "writes" if blocks else ""
