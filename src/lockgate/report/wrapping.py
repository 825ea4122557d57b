"""Words in lines that are no wider than a terminal."""

from __future__ import annotations

import re
import textwrap

from lockgate.report.columns import visible


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """`text` in lines of `width`, the first behind `first`, the others behind `rest`.

    What stands between backticks stays in one piece, so that it can be copied; so do long words.
    """
    shown = visible(" ".join(text.split()))
    kept = re.sub("`[^`]+`", lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), shown)
    lines = textwrap.wrap(
        kept,
        max(width, 40),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
