"""`file:PATH`: a URL on the first line of a file that only its owner can read."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.secrets import ReferenceMalformed, SourceContext

SCHEME = "file"
LOCAL = True


@dataclass(eq=False)
class SecretFileUnreadable(LockgateError):
    """The file is not there, is no file, or may not be read."""

    path: Path
    reason: str

    code: ClassVar[str] = "LG-SEC-20"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which file, and the system's reason."""
        return f'the file "{self.path}" with the URL cannot be read: {self.reason}'

    @property
    def hint(self) -> str:
        """How to make one."""
        return "write postgresql://user:password@host:5432/dbname into it, and chmod 600 it"


@dataclass(eq=False)
class SecretFileOpenToOthers(LockgateError):
    """Others than the owner may read or write the file."""

    path: Path
    mode: int

    code: ClassVar[str] = "LG-SEC-21"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which file, and its mode."""
        return f'the file "{self.path}" with the URL has mode {self.mode:04o}, so others can use it'

    @property
    def hint(self) -> str:
        """The cure."""
        return f"run `chmod 600 {self.path}`"


def resolve(reference: str, context: SourceContext) -> DatabaseUrl:
    """The database whose URL stands on the first line of the file `reference`.

    A relative path starts at `context.directory`, and `~/` at HOME.

    Raises ReferenceMalformed, SecretFileUnreadable, SecretFileOpenToOthers, UrlUnreadable.
    """
    if not reference or "\0" in reference or "://" in reference:
        raise ReferenceMalformed(SCHEME, "PATH")
    home = context.environ.get("HOME")
    if home and reference.startswith("~/"):
        reference = f"{home}/{reference[2:]}"
    path = context.directory / reference
    first_line = _first_line(path)
    if not first_line:
        raise SecretFileUnreadable(path, "its first line is empty")
    return DatabaseUrl.parse(first_line, source=f"{SCHEME}:{path}")


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="surrogateescape") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            if mode & 0o077:
                raise SecretFileOpenToOthers(path, mode)
            return stream.readline().strip()
    except OSError as error:
        raise SecretFileUnreadable(path, error.strerror or "unknown") from error
