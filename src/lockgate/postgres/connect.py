"""Opens connections of lockgate's own: bounded, named, and with the database's identity checked.

`connect_checked` is the only door to an Environment. `connect_unchecked` is for what has no
identity yet (scratch, a database about to be enrolled) and for commands that only read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, LiteralString

import psycopg
from psycopg import errors, sql

from lockgate.core.identity import Expectation, Facts, Mark, NewerMark, judge
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.identity import read_identity

CONNECT_TIMEOUT_S = 10


@dataclass(eq=False)
class NotReachable(LockgateError):
    """No connection: nobody answers, the name is unknown, the server is starting or full."""

    url: str
    reason: str
    remedy: str

    code: ClassVar[str] = "LG-CONN-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Where to, and what came back."""
        return f'cannot connect to "{self.url}": {self.reason}'

    @property
    def hint(self) -> str:
        """What helps against this reason."""
        return self.remedy


@dataclass(eq=False)
class InRecovery(LockgateError):
    """The server is a replica (or still recovering), so nothing can be changed on it."""

    url: str

    code: ClassVar[str] = "LG-CONN-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which server."""
        return f'the server at "{self.url}" is in recovery (a replica) and takes no changes'

    @property
    def hint(self) -> str:
        """Use the primary."""
        return "point the url at the primary, or add target_session_attrs=read-write to it"


@dataclass(eq=False)
class RoleMayNotWrite(LockgateError):
    """The login may read but not change what the command has to change."""

    url: str
    user: str
    what: str

    code: ClassVar[str] = "LG-CONN-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Who may not do what."""
        return f'role "{self.user}" may not {self.what} at "{self.url}"'

    @property
    def hint(self) -> str:
        """Use another login."""
        return "use the login of the role that owns the tables, or grant it what is missing"


@dataclass(frozen=True, slots=True)
class Checked:
    """An open connection, in autocommit mode, with the mark and facts that were read on it."""

    connection: psycopg.Connection
    mark: Mark
    facts: Facts


@contextmanager
def connect_checked(
    url: DatabaseUrl, expectation: Expectation, *, purpose: str
) -> Iterator[Checked]:
    """A connection to the database that `expectation` describes, closed at the end.

    Raises a WrongDatabase before anything else runs on it, or NotReachable.
    """
    with connect_unchecked(url, purpose=purpose) as (connection, mark, facts):
        yield Checked(connection, judge(expectation, mark, facts), facts)


@contextmanager
def connect_unchecked(
    url: DatabaseUrl, *, purpose: str
) -> Iterator[tuple[psycopg.Connection, Mark | NewerMark | None, Facts]]:
    """A connection in autocommit mode, with mark and facts read and not judged.

    `purpose` goes into `application_name`, where a person on call sees it in pg_stat_activity.
    Raises NotReachable.
    """
    parameters: dict[str, str | int] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        **url.conninfo(),
        "application_name": f"lockgate {purpose}",
    }
    try:
        connection = psycopg.connect(autocommit=True, **parameters)  # type: ignore[arg-type]
    except psycopg.Error as error:
        # The cause is cut off: libpq may quote the connection string.
        raise _unreachable(url, error) from None
    with connection:
        mark, facts = read_identity(
            connection.cursor(), host=url.host, announced_pid=connection.info.backend_pid
        )
        yield connection, mark, facts


def set_session(connection: psycopg.Connection, setting: LiteralString, value: str) -> None:
    """Sets one parameter for the rest of the session."""
    connection.execute(
        sql.SQL("SELECT pg_catalog.set_config({}, {}, false)").format(setting, value)
    )


def _unreachable(url: DatabaseUrl, error: psycopg.Error) -> NotReachable:
    text = _first_line(str(error), url.password)
    if isinstance(error, errors.ConnectionTimeout) or "timeout expired" in text:
        reason = f"no answer within {CONNECT_TIMEOUT_S} s"
        return NotReachable(url.redacted(), reason, "check host, port, VPN and security group")
    lowered = text.lower()
    if "password" in lowered or "authentication" in lowered or "pg_hba" in lowered:
        return NotReachable(url.redacted(), text, "check user and password where the url says")
    if "too many" in lowered or "remaining connection slots" in lowered:
        remedy = "close idle sessions, or raise max_connections, and run the command again"
        return NotReachable(url.redacted(), text, remedy)
    if "does not exist" in lowered:
        return NotReachable(url.redacted(), text, "check the name of the database and the role")
    return NotReachable(url.redacted(), text, "check host and port, and that the server is up")


def _first_line(text: str, password: str | None) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # Several addresses give several lines; the server's own words stand in the last FATAL one.
    fatal = [line for line in lines if "FATAL:" in line]
    line = fatal[-1].partition("FATAL:")[2].strip() if fatal else (lines or ["no reason given"])[0]
    return line.replace(password, "***") if password else line
