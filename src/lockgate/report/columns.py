"""Text in the columns of a terminal: what it shows of any text, and a place pointed at.

Characters of East Asian scripts take two columns and combining marks none; what would steer the
terminal, or turn the direction of the text around, is shown as a mark of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import category, east_asian_width

CUT = "…"


def visible(text: str) -> str:
    """`text` with a mark for each character that is none to be seen, a blank for a tab."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def one_line(text: str, room: int) -> str:
    """`text` in one line of at most `room` columns, cut where it is longer."""
    # Of a statement of megabytes only the beginning is looked at.
    line = visible(" ".join(text[: room * 8].split()))
    if columns(line) <= room and len(text) <= room * 8:
        return line
    return _fitting(line, room - 2) + f" {CUT}"


def columns(text: str) -> int:
    """How many columns `text` takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def pointed(text: str, at: int, room: int) -> tuple[str, str]:
    """The line of `text` that character `at` is in, and a caret below it, in `room` columns."""
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    before = visible(text[max(begin, at - room) : at])
    behind = visible(text[at : min(end, at + room)].rstrip("\r"))
    cut_before = at - begin > room
    cut_behind = end - at > room
    if cut_before or cut_behind or columns(before) + columns(behind) > room:
        left = max(room // 2, room - columns(behind) - 1)
        if columns(before) > left or cut_before:
            before = CUT + _fitting(before[::-1], left - 1)[::-1]
        right = room - columns(before)
        if columns(behind) > right or cut_behind:
            behind = _fitting(behind, right - 1) + CUT
    return before + behind, " " * columns(before) + "^"


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    code = ord(character)
    return chr(0x2400 + code) if code < 32 else "\N{REPLACEMENT CHARACTER}"


def _width(character: str) -> int:
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def _fitting(characters: Iterable[str], room: int) -> str:
    """As many of the first `characters` as fit."""
    taken: list[str] = []
    for character in characters:
        room -= _width(character)
        if room < 0:
            break
        taken.append(character)
    return "".join(taken)
