"""The password that libpq's passfile (`~/.pgpass`) holds for a database.

Answers as libpq does: the first line that matches, its escapes, its wildcards. Unlike libpq it
refuses a file that others can read instead of passing it over, because the warning would be lost.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError

_DEFAULT_SOCKET_DIRECTORIES = ("/tmp", "/var/run/postgresql", "/run/postgresql")


@dataclass(eq=False)
class PassfileOpenToOthers(LockgateError):
    """The passfile would answer, and others than its owner may read or write it."""

    path: Path
    mode: int

    code: ClassVar[str] = "LG-SEC-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which file, and its mode."""
        return f'the passfile "{self.path}" has mode {self.mode:04o}, so that libpq ignores it'

    @property
    def hint(self) -> str:
        """The cure."""
        return f"run `chmod 600 {self.path}`"


def password_for(url: DatabaseUrl, environ: Mapping[str, str]) -> str | None:
    """The password for `url` in the passfile; None where there is no such file or no such line.

    The file is the URL's parameter `passfile`, else PGPASSFILE, else `~/.pgpass`. None also where
    PGPASSWORD is set, which comes first for libpq and is read by it.

    Raises PassfileOpenToOthers.
    Source: libpq, `passwordFromFile` in fe-connect.c.
    """
    path = _path(url, environ)
    if "PGPASSWORD" in environ or url.user is None or path is None:
        return None
    wanted = (_host(url), str(url.port or 5432), url.database or url.user, url.user)
    mode, lines = _read(path)
    for line in lines:
        fields = tuple(_fields(line.rstrip("\r")))
        if line.startswith("#") or len(fields) < 5 or not _matches(fields, wanted):
            continue
        if mode & 0o077:
            raise PassfileOpenToOthers(path, mode)
        password = _unescaped(fields[4])
        return password if password and "\N{REPLACEMENT CHARACTER}" not in password else None
    return None


def _path(url: DatabaseUrl, environ: Mapping[str, str]) -> Path | None:
    named = dict(url.parameters).get("passfile") or environ.get("PGPASSFILE")
    if named:
        return Path(named)
    return Path(environ["HOME"], ".pgpass") if environ.get("HOME") else None


def _read(path: Path) -> tuple[int, list[str]]:
    """Mode and lines; no lines for what is no file or may not be read, as for libpq.

    What is not UTF-8 gets a replacement character; such a password is left to libpq itself.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return 0, []
        return stat.S_IMODE(status.st_mode), path.read_bytes().decode(errors="replace").split("\n")
    except OSError:
        return 0, []


def _host(url: DatabaseUrl) -> str:
    host = url.host or dict(url.parameters).get("hostaddr")
    return "localhost" if host is None or host in _DEFAULT_SOCKET_DIRECTORIES else host


def _matches(fields: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return all(
        field == "*" or _unescaped(field) == value
        for field, value in zip(fields, wanted, strict=False)
    )


def _fields(line: str) -> Iterator[str]:
    """What stands between the colons of `line` that no backslash escapes, escapes kept."""
    start = position = 0
    while position < len(line):
        if line[position] == "\\":
            position += 1
        elif line[position] == ":":
            yield line[start:position]
            start = position + 1
        position += 1
    yield line[start:]


def _unescaped(field: str) -> str:
    characters = iter(field)
    return "".join(
        next(characters, "\\") if character == "\\" else character for character in characters
    )
