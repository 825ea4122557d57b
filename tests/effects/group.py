"""The shape in which forms are written down."""

from __future__ import annotations

Line = str | tuple[str, int]
"""A statement, or `more set-up >> statement`; with the first major that has it if not 14."""


class Group:
    """Forms that are tried on the same things."""

    def __init__(self, name: str, given: str, *lines: Line) -> None:
        self.name = name
        self.given = given
        self.lines = lines
