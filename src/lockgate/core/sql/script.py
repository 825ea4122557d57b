"""Cuts a script into statements where PostgreSQL's parser cannot: after an error, or in psql's own.

Answers where statements begin and end, by quotes, comments and semicolons alone. Leaves what they
say to the parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lockgate.core.parsed import SyntaxProblem


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of one statement and where it begins, as in a ParsedStatement; or a problem."""

    sql: str
    start: int
    start_byte: int
    line: int
    column: int
    problem: SyntaxProblem | None = None


_BLANK = re.compile(r"(?:\s+|--[^\n]*)+")

# What hides a semicolon or is one. A quote that never ends takes the rest of the script.
_TOKEN = re.compile(
    r"""
    (?=[-/'"$()\\;bce])(?:  # spares nearly every character the alternatives
    (?P<comment>--[^\n]*)
  | (?P<block>/\*)
  | (?P<escaped>\b[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z))
  | (?P<string>'[^']*(?:'|\Z))
  | (?P<name>"[^"]*(?:"|\Z))
  | (?P<dollar>(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$)
  | (?P<atomic>\bBEGIN\s+ATOMIC\b)
  | (?P<case>\bCASE\b)
  | (?P<end>\bEND\b)
  | (?P<open>\()
  | (?P<close>\))
  | (?P<meta>\\)
  | (?P<semicolon>;)
    )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_COPY = re.compile(r"\s*COPY\b.*\bFROM\s+STDIN\b", re.IGNORECASE | re.DOTALL)


def after_blanks(text: str, start: int = 0) -> int:
    """Where the first word of `text` after `start` is, past blanks and comments."""
    while True:
        found = _BLANK.match(text, start)
        if found is not None:
            start = found.end()
        if not text.startswith("/*", start):
            return start
        start = _after_block(text, start)


def _after_block(text: str, start: int) -> int:
    depth = 0
    for found in _BLOCK_MARK.finditer(text, start):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return found.end()
    return len(text)


_BLOCK_MARK = re.compile(r"/\*|\*/")


def pieces(script: str) -> Iterator[Piece]:
    """The statements of `script`, in order; meta-commands and the data of COPY are passed over."""
    place = _Place(script)
    start = after_blanks(script)
    while start < len(script):
        if script[start] == "\\":  # a meta-command, to the end of its line
            start = after_blanks(script, line_end(script, start))
            continue
        end, by = statement_end(script, start)
        text = script[start:end].rstrip()
        if text:
            yield place.piece(text, start)
        start = end + 1 if by == ";" else end
        if by == ";" and _COPY.match(text):
            start = _after_data(script, start)
        start = after_blanks(script, start)


class _Place:
    """Counts lines and bytes along a script, each character once."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.seen = 0
        self.line = 1
        self.bytes = 0

    def piece(self, text: str, start: int) -> Piece:
        between = self.script[self.seen : start]
        self.line += between.count("\n")
        self.bytes += len(between) if between.isascii() else len(between.encode())
        self.seen = start
        column = start - self.script.rfind("\n", 0, start)
        return Piece(text, start, self.bytes, self.line, column)


def line_end(script: str, start: int) -> int:
    """Where the line that `start` is in ends, before its line break."""
    end = script.find("\n", start)
    return len(script) if end < 0 else end


def statement_end(script: str, start: int) -> tuple[int, str | None]:
    """Where the statement from `start` ends, and by what: a semicolon, psql's backslash, or None.

    None is the end of the text, which may lie within quotes.
    """
    depth = bodies = 0
    at = start
    while found := _TOKEN.search(script, at):
        at = found.end()
        match found.lastgroup if found.lastgroup != "tag" else "dollar":
            case "block":
                at = _after_block(script, found.start())
            case "dollar":
                closing = script.find(found.group("dollar"), at)
                at = len(script) if closing < 0 else closing + len(found.group("dollar"))
            case "atomic":
                bodies += 1
            case "case" if bodies:
                bodies += 1
            case "end" if bodies:
                bodies -= 1
            case "open":
                depth += 1
            case "close":
                depth -= 1
            case "meta":
                return found.start(), "\\"
            case "semicolon" if depth <= 0 and not bodies:
                return found.start(), ";"
            case _:
                pass
    return len(script), None


def comments(script: str) -> Iterator[tuple[int, str]]:
    """The comments of `script`, each with where it begins and without its marks."""
    at = 0
    while found := _TOKEN.search(script, at):
        at = found.end()
        match found.lastgroup if found.lastgroup != "tag" else "dollar":
            case "comment":
                yield found.start(), found.group()[2:].strip()
            case "block":
                at = _after_block(script, found.start())
                yield found.start(), script[found.end() : at].removesuffix("*/").strip()
            case "dollar":
                closing = script.find(found.group("dollar"), at)
                at = len(script) if closing < 0 else closing + len(found.group("dollar"))
            case _:
                pass


def _after_data(script: str, start: int) -> int:
    """Past the rows of a COPY ... FROM STDIN, whose last line is a backslash and a full stop."""
    line = line_end(script, start)
    while line < len(script):
        following = line_end(script, line + 1)
        if script[line + 1 : following].rstrip("\r") == "\\.":
            return following
        line = following
    return len(script)
