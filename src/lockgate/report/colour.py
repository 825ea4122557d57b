"""How danger is coloured on a terminal."""

from __future__ import annotations

from lockgate.core.finding import Severity

RED, YELLOW, DIM, BOLD = "\033[31m", "\033[33m", "\033[2m", "\033[1m"
_PLAIN = "\033[0m"
SHADES = {Severity.ERROR: RED, Severity.WARNING: YELLOW, Severity.INFO: DIM}


def painted(text: str, shade: str, colour: bool) -> str:
    """`text` in a shade, where there may be colour."""
    return f"{shade}{text}{_PLAIN}" if colour else text
