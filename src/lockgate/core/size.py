"""Sizes for people, and as the settings spell them: `200GB`, `1.5 TB`."""

from __future__ import annotations

import re

UNITS = ("B", "kB", "MB", "GB", "TB")


def format_bytes(size: float) -> str:
    """`size` in the unit that keeps it readable, such as `112 MB` or `1.4 GB`; a kB is 1,000."""
    for unit in UNITS:
        if size < 999.5 or unit == UNITS[-1]:
            break
        size /= 1_000
    return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"


_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B\s*")


def parse_bytes(text: str) -> int:
    """Bytes that `text` means; GB is a thousand million, GiB is 2 to the 30th.

    Raises ValueError with the accepted units.
    """
    match = _SIZE.fullmatch(text)
    if match is None or (match[3] and not match[2]):
        raise ValueError(f'"{text}" is no size; write a number with kB, MB, GB, TB, GiB or TiB')
    power = " kMGT".index(match[2] or " ")
    unit: int = (1_024 if match[3] else 1_000) ** power
    return round(float(match[1]) * unit)
