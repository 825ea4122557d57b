"""Sizes for people."""

from __future__ import annotations

UNITS = ("B", "kB", "MB", "GB", "TB")


def format_bytes(size: float) -> str:
    """`size` in the unit that keeps it readable, such as `112 MB` or `1.4 GB`; a kB is 1,000."""
    for unit in UNITS:
        if size < 999.5 or unit == UNITS[-1]:
            break
        size /= 1_000
    return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
