"""Cuts a script into statements where PostgreSQL's parser cannot: after an error, or in psql's own.

Answers where statements begin and end, by quotes, comments and semicolons alone. Leaves what they
say to the parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

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
    end = _block_end(text, start)
    return len(text) if end is None else end


def _block_end(text: str, start: int) -> int | None:
    depth = 0
    for found in _BLOCK_MARK.finditer(text, start):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return found.end()
    return None


_BLOCK_MARK = re.compile(r"/\*|\*/")


def pieces(script: str) -> Iterator[Piece]:
    """The statements of `script`, in order; meta-commands and the data of COPY are passed over."""
    place = _Place(script)
    behind = 0
    start = after_blanks(script)
    while start < len(script):
        if script[start] == "\\":  # a meta-command, to the end of its line
            behind = line_end(script, start)
            start = after_blanks(script, behind)
            continue
        end, by = statement_end(script, start, last=True)
        text = script[start:end].rstrip()
        if text:
            yield place.piece(text, start)
        start = end + 1 if by == ";" else end
        if by == ";" and _COPY.match(text):
            start = _after_data(script, start)
        behind = start
        start = after_blanks(script, start)
    opened = open_mark(script, behind)
    if opened is not None and opened[1] == "*/":
        piece = place.piece(script[opened[0] :], opened[0])
        problem = SyntaxProblem("unterminated /* comment", piece.line, piece.column)
        yield replace(piece, problem=problem)


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


def statement_end(script: str, start: int, *, last: bool = False) -> tuple[int, str | None]:
    """Where the statement from `start` ends, and by what: a semicolon, psql's backslash, or None.

    None is the end of the text, which may lie within quotes. Where that is the `last` of it, a body
    that never ends is none, so that what stands behind it is read.
    """
    end, by, inside = _statement_end(script, start, bodied=True)
    if inside and last:
        end, by, _ = _statement_end(script, start, bodied=False)
    return end, by


def _statement_end(script: str, start: int, *, bodied: bool) -> tuple[int, str | None, bool]:
    """The same, and whether a body is open; without `bodied` nothing is taken for one."""
    depth = bodies = 0
    # Nothing else has semicolons in parentheses, and a parenthesis that was forgotten ends here.
    nests = bodied and _RULE.match(script, start) is not None
    at = start
    while found := _TOKEN.search(script, at):
        at = found.end()
        match found.lastgroup if found.lastgroup != "tag" else "dollar":
            case "block":
                at = _after_block(script, found.start())
            case "dollar":
                closing = script.find(found.group("dollar"), at)
                at = len(script) if closing < 0 else closing + len(found.group("dollar"))
            case "atomic" if bodied:
                bodies += 1
            case "case" if bodies:
                bodies += 1
            case "end" if bodies:
                bodies -= 1
            case "open" if nests:
                depth += 1
            case "close" if nests:
                depth -= 1
            case "meta":
                return found.start(), "\\", False
            case "semicolon" if depth <= 0 and not bodies:
                return found.start(), ";", False
            case _:
                pass
    return len(script), None, bodies > 0 or depth > 0


def open_mark(script: str, start: int = 0) -> tuple[int, str] | None:
    """Where a quote or comment begins that `script` does not end, and the mark that ends it."""
    at = start
    while found := _TOKEN.search(script, at):
        at = found.end()
        match found.lastgroup if found.lastgroup != "tag" else "dollar":
            case "block":
                end = _block_end(script, found.start())
                if end is None:
                    return found.start(), "*/"
                at = end
            case "dollar":
                closing = script.find(found.group("dollar"), at)
                if closing < 0:
                    return found.start(), found.group("dollar")
                at = closing + len(found.group("dollar"))
            case "string" | "name" | "escaped" if at == len(script):
                mark = '"' if found.lastgroup == "name" else "'"
                if not _CLOSED.fullmatch(found.group()):
                    return found.start(), mark
            case _:
                pass
    return None


_CLOSED = re.compile(r"""[eE]'(?:[^'\\]|\\.|'')*'|'[^']*'|"[^"]*\"""", re.DOTALL)
_RULE = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?RULE\b", re.IGNORECASE)


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
