"""A Forecast for people and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from lockgate.core.duration import format_duration
from lockgate.core.forecast import Forecast, Span, Sureness
from lockgate.core.size import format_bytes

LABEL = "forecast  "
TOLD_BLOAT = 0.2
"""From which share of a table on its bloat is worth a word."""
FELT_MS = 50.0
"""Blocking that nobody notices needs no line of its own."""


def forecast_document(forecast: Forecast | None) -> dict[str, Any] | None:
    """The Forecast as JSON, null where there is none."""
    return None if forecast is None else asdict(forecast)


def forecast_lines(forecast: Forecast, *, width: int) -> list[str]:
    """How long it takes and blocks, what it needs, who would wait, and how sure that is."""
    lines: list[str] = []
    for phrase in phrases(forecast):
        lines += textwrap.wrap(
            phrase,
            width=max(width, 40),
            initial_indent=" " * len(LABEL) if lines else LABEL,
            subsequent_indent=" " * (len(LABEL) + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return lines


def forecast_line(forecast: Forecast, *, width: int) -> list[str]:
    """The same in one line, where it takes or blocks long enough to be felt; else nothing."""
    if not forecast.rows and forecast.writes_blocked_ms.high < FELT_MS:
        return []
    phrases = [_duration(forecast.duration_ms), *_blocked(forecast)]
    if forecast.fits is False:
        needed, free = forecast.needed_bytes, forecast.free_disk_bytes or 0
        phrases.append(f"needs {format_bytes(needed)}, and only {format_bytes(free)} are free")
    phrases += [f"{forecast.sureness.value}: {forecast.basis.value} rates"] * bool(forecast.rows)
    line = f"{LABEL}{'; '.join(phrases)}"
    return textwrap.wrap(line, width=max(width, 40), subsequent_indent=" " * (len(LABEL) + 2))


def phrases(forecast: Forecast) -> Iterator[str]:
    """How long it takes and blocks, what it needs, who would wait, how sure that is; one each."""
    if not forecast.rows and forecast.sureness is Sureness.POOR:
        yield f"{_duration(forecast.duration_ms)} if there are no rows"
    elif not forecast.rows:
        yield f"{_duration(forecast.duration_ms)}: it changes the catalogs alone"
    else:
        size = f"{forecast.rows:,} rows, {format_bytes(forecast.table_bytes)}"
        if forecast.bloat_bytes >= TOLD_BLOAT * forecast.table_bytes:
            size += f", about {format_bytes(forecast.bloat_bytes)} of it bloat"
        yield f"{_duration(forecast.duration_ms)}, on {size}"
    yield from _blocked(forecast)
    if forecast.wal_bytes or forecast.disk_bytes:
        yield f"writes {format_bytes(forecast.wal_bytes)} of WAL, {_disk(forecast)}"
    for sent in forecast.statements:
        rate = sent.calls_per_second
        often = "" if rate is None else f", {rate:.1f} a second" if rate >= 0.05 else ", rarely"
        what = f"uses {sent.loses}" if sent.loses else "waits"
        yield f"{what}{often}: {_one_line(sent.sql)}"
    if forecast.reasons:
        yield f"{forecast.sureness.value}: {'; '.join(forecast.reasons)}"


def _duration(span: Span) -> str:
    expected, low, high = (format_duration(ms) for ms in (span.expected, span.low, span.high))
    return f"{expected} ({low} to {high})"


def _blocked(forecast: Forecast) -> Iterator[str]:
    reads, writes = forecast.reads_blocked_ms, forecast.writes_blocked_ms
    if writes.high < FELT_MS:
        return
    who = "reads and writes" if reads.expected else "writes"
    blocked = f"{who} stand blocked for {_duration(writes)}"
    queue = forecast.queued_sessions
    if queue is None:
        yield f"{blocked}; nobody counts how many sessions that is"
    elif queue.high < 1:
        yield blocked
    else:
        fewest, most = f"{queue.expected:.0f}", f"{queue.high:.0f}"
        number = most if fewest == most else f"{fewest} to {most}"
        yield f"{blocked}; {number} session{'s' * (number != '1')} would queue"


def _disk(forecast: Forecast) -> str:
    needs = f"needs {format_bytes(forecast.disk_bytes)} of disk"
    if forecast.free_disk_bytes is None:
        return f"{needs} (how much is free is not known)"
    free = format_bytes(forecast.free_disk_bytes)
    if forecast.fits:
        return f"{needs}; {free} are free"
    return f"{needs}, with its WAL {format_bytes(forecast.needed_bytes)}, and only {free} are free"


def _one_line(text: str, width: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"
