"""Reads SQL files of any size as a stream: statements, and what in them is for psql only.

Answers with each statement and its place. Memory holds a block of the file and never the whole.
What a statement says is the parser's to answer; where it ends is `core.sql.script`'s.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from lockgate.core.parsed import ParsedStatement, SyntaxProblem
from lockgate.core.sql.script import after_blanks, comments, line_end, open_mark, statement_end
from lockgate.core.sql.trees import parse

BLOCK_BYTES = 32 * 1024
MOST_CHARACTERS = 8 * 1024 * 1024
"""The longest statement that is read; a longer one is told of and passed over."""
MOST_BAD_LINES = 10
"""How many lines with bytes that are no UTF-8 are told of one by one."""
ALLOW = "lockgate: allow "


class Source(Protocol):
    """Bytes that are read on and on."""

    def read(self, size: int, /) -> bytes:
        """At most `size` of them; nothing at the end."""
        ...


class RemarkKind(StrEnum):
    """What in a file is no statement."""

    META_COMMAND = "meta-command"
    COPY_DATA = "copy data"
    ENCODING = "encoding"
    ARCHIVE = "archive"
    TOO_LONG = "too long"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something in a file that is no statement; `text` is the meta-command or what is wrong."""

    kind: RemarkKind
    text: str
    line: int
    column: int = 1


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment to lockgate, without its marks; `line` is where it begins."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A statement with its place in the file; `last_line` is the line that it ends on."""

    parsed: ParsedStatement
    line: int
    column: int
    last_line: int


def read_script(
    stream: Source, *, block_bytes: int = BLOCK_BYTES, most_characters: int = MOST_CHARACTERS
) -> Iterator[Placed | Remark | Comment]:
    """Everything in `stream`, in its order; a Comment comes before the statements around it."""
    reader = _Reader(stream, block_bytes, most_characters)
    yield from reader.passages()


class _Reader:
    """The text that is read and not yet answered.

    `line` is that of its first character, `before` how many characters stand before it there.
    """

    def __init__(self, stream: Source, block_bytes: int, most_characters: int) -> None:
        self.stream = stream
        self.block_bytes = block_bytes
        self.most_characters = most_characters
        self.decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self.text = ""
        self.line = 1
        self.ended = False
        self.before = 0
        self.begun = False
        self.bad_lines = 0

    def passages(self) -> Iterator[Placed | Remark | Comment]:
        yield from self.more()
        while self.text or not self.ended:
            whole, stopped = self.whole_statements()
            if whole and not stopped:
                comment = self.comment_behind(whole)
                if comment == len(self.text) and not self.ended:
                    yield from self.more()  # for the end of its line
                    continue
                whole = max(whole, comment)
            if whole:
                placed = list(self.statements(self.text[:whole]))
                yield from placed
                self.drop(whole)
                last = placed[-1] if placed else None
                if stopped and isinstance(last, Placed) and _reads_data(last.parsed):
                    yield from self.pass_over_data()
                continue
            if stopped:
                yield self.meta_command()
            elif self.ended:
                yield from self.rest()
            elif len(self.text) > self.most_characters:
                yield Remark(RemarkKind.TOO_LONG, _size(len(self.text)), *self.first_place())
                yield from self.pass_over_statement()
            else:
                yield from self.more(len(self.text))
        if self.bad_lines > MOST_BAD_LINES:
            more = self.bad_lines - MOST_BAD_LINES
            what = f"bytes that are no UTF-8 on {more:,} more lines"
            yield Remark(RemarkKind.ENCODING, what, self.line)

    def whole_statements(self) -> tuple[int, bool]:
        """How much of the text is whole statements, and whether what follows is psql's."""
        whole = 0
        while True:
            start = after_blanks(self.text, whole)
            if self.text.startswith("\\", start):
                return (whole, True) if whole else (0, True)
            end, by = statement_end(self.text, start)
            if by is None:
                return whole, False
            if by == "\\":
                return end, True
            whole = end + 1
            if self.text[start : start + 4].lower() == "copy":
                return whole, True

    def comment_behind(self, end: int) -> int:
        """Where a comment ends that stands behind a statement on its line; 0 for none."""
        line = line_end(self.text, end)
        following = self.text[end:line].lstrip()
        return line if following[:2] == "--"[: len(following)] else 0

    def statements(self, text: str) -> Iterator[Placed | Remark | Comment]:
        if ALLOW in text:
            for start, comment in comments(text):
                if ALLOW in comment:
                    yield Comment(comment, self.line + text.count("\n", 0, start))
        clean, bad = _clean(text)
        for line in bad:
            self.bad_lines += 1
            if self.bad_lines > MOST_BAD_LINES:
                continue
            what = "bytes that are no UTF-8" if bad[line] else "a null character"
            yield Remark(RemarkKind.ENCODING, what, self.line + line)
        for parsed in parse(clean):
            line = self.line + parsed.line - 1
            column = parsed.start - clean.rfind("\n", 0, parsed.start)
            column += self.before if parsed.line == 1 else 0
            problem = parsed.problem
            if problem is not None:
                at = problem.column + (self.before if problem.line == 1 else 0)
                moved = SyntaxProblem(problem.message, self.line + problem.line - 1, at)
                parsed = ParsedStatement(
                    parsed.sql, "", {}, parsed.start, parsed.start_byte, parsed.line, moved
                )
            yield Placed(parsed, line, column, line + parsed.sql.count("\n"))

    def rest(self) -> Iterator[Placed | Remark | Comment]:
        """The end of the file, which no semicolon ends."""
        yield from self.statements(self.text)
        self.drop(len(self.text))

    def meta_command(self) -> Remark:
        start = after_blanks(self.text)
        end = line_end(self.text, start)
        while end == len(self.text) and not self.ended:
            list(self.more())
            end = line_end(self.text, start)
        line, column = self.first_place()
        words = _clean(self.text[start:end])[0].strip()
        self.drop(end)
        return Remark(RemarkKind.META_COMMAND, words, line, column)

    def first_place(self) -> tuple[int, int]:
        start = after_blanks(self.text)
        breaks = self.text.count("\n", 0, start)
        column = start - self.text.rfind("\n", 0, start) + (0 if breaks else self.before)
        return self.line + breaks, column

    def pass_over_data(self) -> Iterator[Remark]:
        """Past the rows of a COPY, whose last line is a backslash and a full stop."""
        line = self.line
        yield from self.to_line_end()
        while True:
            end = self.text.find("\n\\.")
            if end < 0 and not self.ended:
                # The beginning of the last line may be that of the end.
                self.drop(max(self.text.rfind("\n"), 0))
                yield from self.more()
                continue
            if end < 0:
                yield Remark(RemarkKind.COPY_DATA, "the rows have no end", line)
                self.drop(len(self.text))
                return
            self.drop(end)
            while len(self.text) < len("\n\\.\r\n") and not self.ended:
                yield from self.more()
            following = line_end(self.text, 1)
            alone = self.text[1:following].rstrip("\r") == "\\."
            self.drop(following if alone else 1)
            if alone:
                return

    def to_line_end(self) -> Iterator[Remark]:
        while "\n" not in self.text and not self.ended:
            yield from self.more()
        self.drop(line_end(self.text, 0))

    def pass_over_statement(self) -> Iterator[Remark]:
        """Past a statement that is too long to be held, to its semicolon."""
        while True:
            opened = open_mark(self.text)
            if opened is None:
                end, by = statement_end(self.text, 0)
                if by is not None or self.ended:
                    self.drop(end + (by == ";"))
                    return
                # What stands on the last line may be half a mark.
                self.drop(self.text.rfind("\n") + 1)
            else:
                begin, mark = opened
                self.drop(begin + len(mark))
                yield from self.pass_over(mark)
            if self.ended:
                self.drop(len(self.text))
                return
            yield from self.more()

    def pass_over(self, mark: str) -> Iterator[Remark]:
        """Past the mark that ends a quote or a comment."""
        while (end := self.text.find(mark)) < 0 and not self.ended:
            self.drop(max(len(self.text) - len(mark), 0))
            yield from self.more()
        self.drop(end + len(mark) if end >= 0 else len(self.text))

    def more(self, at_least: int = 0) -> Iterator[Remark]:
        """Reads on; twice as much for a statement that did not fit, so that time stays linear."""
        block = self.stream.read(max(self.block_bytes, at_least))
        if not self.begun:
            self.begun = True
            if block[:2] in (b"\xff\xfe", b"\xfe\xff"):
                yield Remark(RemarkKind.ENCODING, "characters in UTF-16", 1)
                self.decoder = codecs.getincrementaldecoder("utf-16")("replace")
            for mark, what in _ARCHIVES:
                if block.startswith(mark):
                    yield Remark(RemarkKind.ARCHIVE, what, 1)
                    block = b""
        self.ended = not block
        self.text += self.decoder.decode(block, final=self.ended)

    def drop(self, count: int) -> None:
        breaks = self.text.count("\n", 0, count)
        self.line += breaks
        last = self.text.rfind("\n", 0, count)
        self.before = count - last - 1 + (0 if breaks else self.before)
        self.text = self.text[count:]


_ARCHIVES = (
    (b"PGDMP", "an archive of pg_dump"),
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
"""What a file that is no text begins with."""


def _clean(text: str) -> tuple[str, dict[int, bool]]:
    """`text` as the parser takes it, and its unreadable lines, whether for their bytes."""
    if text.isascii() and "\0" not in text:
        return text, {}
    bad: dict[int, bool] = {}
    try:
        text.encode()
    except UnicodeEncodeError:
        for number, line in enumerate(text.split("\n")):
            if any("\ud800" <= c <= "\udfff" for c in line):
                bad[number] = True
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if "\0" in text:
        for number, line in enumerate(text.split("\n")):
            if "\0" in line:
                bad.setdefault(number, False)
        text = text.replace("\0", "\ufffd")
    return text, bad


def _reads_data(parsed: ParsedStatement) -> bool:
    tree = parsed.tree
    source = tree.get("filename") or tree.get("is_program")
    return parsed.kind == "CopyStmt" and bool(tree.get("is_from")) and not source


def _size(characters: int) -> str:
    return f"a statement of more than {characters // 1024 // 1024} MB"
