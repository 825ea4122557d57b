"""Text inside Markdown, where some of its characters would mean something."""

from __future__ import annotations

from lockgate.report.columns import one_line


def cell(text: str) -> str:
    """`text` as words in a table's cell."""
    for mark in ("\\", "|", "<", "*", "_", "`"):
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def code(text: str) -> str:
    """`text` as code in a table's cell, without the backticks around it."""
    return text.replace("`", "'").replace("|", "\\|")


def short(sql: str, room: int = 60) -> str:
    """A statement in one line, cut where it is too long."""
    return one_line(sql, room)
