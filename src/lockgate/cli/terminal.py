"""What a command prints: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from lockgate.errors import LockgateError


class Format(StrEnum):
    """How a result is shown."""

    TEXT = "text"
    JSON = "json"


class Terminal:
    """One command's way to talk: honours --format, --quiet, --verbose and NO_COLOR.

    Progress is a line that replaces itself on a terminal, and plain lines elsewhere.
    """

    def __init__(self) -> None:
        self.format: str = Format.TEXT
        self.quiet = False
        self.verbose = False
        self._line_open = False
        self._begun = False

    @property
    def live(self) -> bool:
        """Whether stderr is a terminal that can rewrite a line."""
        return sys.stderr.isatty() and not self.quiet and not _dumb()

    @property
    def colour(self) -> bool:
        """Whether stdout may be coloured."""
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and not _dumb()

    @property
    def width(self) -> int:
        """Columns of the terminal, or of COLUMNS, or 80."""
        return shutil.get_terminal_size().columns

    def text(self, text: str) -> None:
        """Prints a result for people."""
        self._close_line()
        if text:
            print(text.rstrip("\n"))

    def pieces(self, pieces: Iterable[str]) -> None:
        """Prints a result as it comes, piece by piece, with its own line breaks."""
        for piece in pieces:
            if self._line_open and sys.stdout.isatty():
                self._close_line()
            sys.stdout.write(piece)
            self._begun = True
        self._close_line()
        sys.stdout.flush()

    def document(self, schema: str, content: Mapping[str, Any]) -> None:
        """Prints the one JSON document of a command; `schema` is without the `lockgate/`."""
        self._close_line()
        print(document_text(schema, content))

    def note(self, text: str) -> None:
        """Says something beside the result."""
        if not self.quiet:
            self._close_line()
            print(text, file=sys.stderr)

    def ask(self, question: str) -> str | None:
        """What a person types, None at the end of input; stdout is for results."""
        self._close_line()
        print(question, end="", file=sys.stderr, flush=True)
        typed = sys.stdin.readline()
        return typed.strip() if typed else None

    def working(self, what: str) -> None:
        """Shows what is going on, where it can be replaced."""
        if self.live:
            self._close_line()
            print(f"\r{what[:78]} …", end="", file=sys.stderr, flush=True)
            self._line_open = True

    def done(self, what: str) -> None:
        """Shows what was finished."""
        self.note(what)

    def error(self, error: LockgateError) -> None:
        """Prints an error in the two lines, or the JSON, of CONTRACT.md.

        In lines as well where a JSON document was begun: two are none.
        """
        self._close_line()
        message, hint = _one_line(error.message), _one_line(error.hint)
        if self.format == Format.JSON and not self._begun:
            exit_status = int(error.exit_status)
            content = {"code": error.code, "message": message, "hint": hint, "exit": exit_status}
            self.document("error", content)
            return
        print(f"error[{error.code}]: {message}", file=sys.stderr)
        print(f"hint: {hint}", file=sys.stderr)

    def _close_line(self) -> None:
        if self._line_open:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self._line_open = False


def _dumb() -> bool:
    return os.environ.get("TERM") == "dumb"


def document_text(schema: str, content: Mapping[str, Any]) -> str:
    """A JSON document with its schema; `schema` is without the `lockgate/`."""
    named = {"schema": f"lockgate/{schema}/1"} | dict(content)
    return json.dumps(named, indent=2, ensure_ascii=False, default=str)


def _one_line(words: str) -> str:
    # A server's or a file's own words may hold line breaks; an error is two lines.
    return " ".join(words.split())


TERMINAL = Terminal()
"""The process's terminal: `main` reports errors on it in the format that the command was given."""
