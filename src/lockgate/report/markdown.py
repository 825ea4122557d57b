"""Text inside Markdown, where some of its characters would mean something."""

from __future__ import annotations

import re

from lockgate.report.columns import one_line, visible


def cell(text: str) -> str:
    """`text` as words in a table's cell, whatever names are in it."""
    shown = visible(" ".join(text.split()))
    return _MARKS.sub(r"\\\g<0>", shown).replace("@", "@\N{ZERO WIDTH SPACE}")


_MARKS = re.compile(r"[\\|<>*_`\[\]&~$#]")
"""What means something there; of an @ that names somebody no backslash takes the meaning."""


def code(text: str) -> str:
    """`text` as code in a table's cell, without the backticks around it."""
    return visible(text).replace("`", "'").replace("|", "\\|")


def fence(text: str) -> str:
    """Backticks for a block of code that holds `text`."""
    return "`" * max(3, *(len(run) + 1 for run in re.findall("`+", f"`{text}")))


def short(sql: str, room: int = 60) -> str:
    """A statement in one line, cut where it is too long."""
    return one_line(sql, room)
