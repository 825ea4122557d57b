"""Opens files of statements, standard input among them, to be read as a stream.

What is in them is `core.script`'s to answer.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, TextIO

from lockgate.core.progress import Progress
from lockgate.core.script import Source
from lockgate.errors import ExitStatus, LockgateError

TOLD_EVERY_BYTES = 1024 * 1024


@dataclass(eq=False)
class SqlFileUnreadable(LockgateError):
    """A file of statements that is not there, or may not be read."""

    file: str
    reason: str

    code: ClassVar[str] = "LG-SQL-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file, and why."""
        return f'the file "{self.file}" cannot be read: {self.reason}'

    @property
    def hint(self) -> str:
        """What to give."""
        return "give the path of a file with SQL statements, or - for standard input"


@contextmanager
def opened(path: str, progress: Progress) -> Iterator[Source]:
    """The bytes of a file, - for standard input. Raises SqlFileUnreadable, also while it is read.

    Tells `progress` how far a large one is read.
    """
    if path == "-":
        # A typed `sys.stdin` is never None, but one that was closed is.
        given: TextIO | None = sys.stdin
        if given is None:
            raise SqlFileUnreadable(path, "standard input is closed")
        yield _Told(given.buffer, shown_path(path), progress)
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115  # the with is below, where its errors are not
    except (OSError, ValueError) as error:  # ValueError: a null character in its name
        raise SqlFileUnreadable(path, _reason(error)) from error
    with file:
        yield _Told(file, path, progress)


def refuse_unreadable(paths: Iterable[str]) -> None:
    """Raises SqlFileUnreadable before anything is read, and not when the others are."""
    for path in paths:
        if path != "-" and not Path(path).is_fifo():
            try:
                Path(path).open("rb").close()
            except OSError as error:
                raise SqlFileUnreadable(path, _reason(error)) from error


def shown_path(path: str | Path) -> str:
    """The path as seen from here, where it is below: CI knows the files of a repository by it."""
    if str(path) == "-":
        return "<stdin>"
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


class _Told:
    """A file that says at every megabyte how far it was read."""

    def __init__(self, file: BinaryIO, name: str, progress: Progress) -> None:
        self.file = file
        self.name = name
        self.progress = progress
        self.read_bytes = 0
        # Of a pipe nobody knows how long it is.
        size = os.fstat(file.fileno()).st_size
        self.whole = f" of {size / 1024 / 1024:.0f}" if size > TOLD_EVERY_BYTES else ""

    def read(self, size: int, /) -> bytes:
        """As a file's; at its end nothing."""
        try:
            block = self.file.read(size)
        except OSError as error:
            raise SqlFileUnreadable(self.name, _reason(error)) from error
        before = self.read_bytes // TOLD_EVERY_BYTES
        self.read_bytes += len(block)
        now = self.read_bytes // TOLD_EVERY_BYTES
        if now > before:
            self.progress.working(f"reading {self.name}: {now}{self.whole} MB")
        return block


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without Python's collector, which would walk each statement's tree several times."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
