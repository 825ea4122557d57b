"""Durations as PostgreSQL's settings spell them: `500ms`, `2s`, `5min`, `1h`, `1d`."""

from __future__ import annotations

import re

UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"\s*(\d+)\s*([a-z]+)\s*")


def parse_duration_ms(text: str) -> int:
    """Milliseconds that `text` means; raises ValueError with the accepted units."""
    match = _DURATION.fullmatch(text)
    if match is None or match[2] not in UNITS_MS:
        raise ValueError(
            f'"{text}" is no duration; write a number with one of {", ".join(UNITS_MS)}'
        )
    return int(match[1]) * UNITS_MS[match[2]]


def format_duration(milliseconds: float) -> str:
    """`milliseconds` in the largest unit that keeps it readable, such as `1.4 s` or `3 min`."""
    if milliseconds < 1_000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1_000:.1f} s"
    minutes, seconds = divmod(round(milliseconds / 1_000), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
