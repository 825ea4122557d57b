"""`service:NAME`: a section of libpq's service file (`~/.pg_service.conf`).

Answers as libpq does, so that `psql service=NAME` and lockgate reach the same database. Leaves the
password to the passfile where the section has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.secrets import ReferenceMalformed, SourceContext

SCHEME = "service"
LOCAL = True

_DEFAULT_SYSTEM_DIRECTORY = "/etc/postgresql-common"
"""Debian's; what a libpq was built with cannot be asked."""


@dataclass(eq=False)
class ServiceUnknown(LockgateError):
    """No service file has the section."""

    name: str
    searched: tuple[Path, ...]

    code: ClassVar[str] = "LG-SEC-30"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which service, and where it was looked for."""
        places = ", ".join(f'"{path}"' for path in self.searched) or "no file"
        return f'the service "{self.name}" is not defined; looked in {places}'

    @property
    def hint(self) -> str:
        """How to define it."""
        return f"add a section [{self.name}] with host, port, user and dbname to a service file"


@dataclass(eq=False)
class ServiceFileUnreadable(LockgateError):
    """The file may not be read, or libpq would stumble over a line of it."""

    path: Path
    reason: str

    code: ClassVar[str] = "LG-SEC-31"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which file, and where in it; never the line, which could be a password."""
        return f'the service file "{self.path}" cannot be read: {self.reason}'

    @property
    def hint(self) -> str:
        """The form that works."""
        return "write each line as keyword=value, without spaces around the ="


def resolve(reference: str, context: SourceContext) -> DatabaseUrl:
    """The database that the section `reference` of a service file describes.

    The file is PGSERVICEFILE, else `~/.pg_service.conf`; a section that is not there is looked for
    in `pg_service.conf` under PGSYSCONFDIR.

    Raises ReferenceMalformed, ServiceUnknown, ServiceFileUnreadable, UrlUnreadable.
    Source: libpq, `parseServiceInfo` and `parseServiceFile` in fe-connect.c.
    """
    if not reference or "://" in reference or any(mark in reference for mark in "[]\0\n"):
        raise ReferenceMalformed(SCHEME, "NAME")
    searched = _paths(context.environ)
    for path in searched:
        section = _section(path, reference)
        if section is not None:
            return DatabaseUrl.from_parameters(section, source=f"{SCHEME}:{reference}")
    raise ServiceUnknown(reference, searched)


def _paths(environ: Mapping[str, str]) -> tuple[Path, ...]:
    paths = []
    if environ.get("PGSERVICEFILE"):
        paths.append(Path(environ["PGSERVICEFILE"]))
    elif environ.get("HOME"):
        paths.append(Path(environ["HOME"], ".pg_service.conf"))
    system = environ.get("PGSYSCONFDIR") or _DEFAULT_SYSTEM_DIRECTORY
    return (*paths, Path(system, "pg_service.conf"))


def _section(path: Path, name: str) -> dict[str, str] | None:
    """Keywords and values of the section; None where the file or the section is missing."""
    found: dict[str, str] | None = None
    for number, line in enumerate(_lines(path), start=1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            if found is not None:
                return found
            if line.startswith(f"[{name}]"):
                found = {}
        elif found is not None:
            keyword, equals, value = line.partition("=")
            if not equals or not keyword.isidentifier() or keyword == "service":
                raise ServiceFileUnreadable(path, f"line {number} is no keyword=value")
            # The first value of a keyword counts, as for libpq.
            found.setdefault(keyword, value)
    return found


def _lines(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise ServiceFileUnreadable(path, error.strerror or "unknown") from error
    return tuple(line.strip() for line in text.split("\n"))
