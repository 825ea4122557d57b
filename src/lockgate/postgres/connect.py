"""Opens connections of lockgate's own: bounded, named, and with the database's identity checked.

`connect_checked` is the only door to an Environment. `connect_unchecked` is for what has no
identity yet (scratch, a database about to be enrolled) and for commands that only read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, LiteralString

import psycopg
from psycopg import errors, sql

from lockgate.core.identity import Expectation, Facts, Mark, MarkMoved, NewerMark, judge
from lockgate.core.url import DatabaseUrl, UrlUnreadable
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.identity import read_identity

Connection = psycopg.Connection
"""For who hands an open one on and opens none."""

CONNECT_TIMEOUT_S = 10
CONNECTION_LOST = ("08", "57P")
"""How SQLSTATEs begin that say that the server or the session is gone."""


REMEDIES = (
    (("no answer within",), "check host and port, the VPN and the firewall or security group"),
    (
        ("password", "authentication", "pg_hba", "to log in"),
        "check user and password in the place that the url comes from, and pg_hba.conf",
    ),
    (
        ("too many", "connection slots"),
        "close idle sessions or raise the limit, and run the command again",
    ),
    (("does not exist",), "check the name of the database and of the role in the url"),
    (("resolve host", "translate host"), "check how the host is spelled, the VPN and the DNS"),
    (("ssl", "certificate"), "check sslmode and the certificates in the url"),
    (("starting up", "shutting down"), "wait until the server is up, and run the command again"),
)
"""What helps, by words of libpq or the server; they come without a SQLSTATE before the login."""
LAST_REMEDY = "check host and port, and that the server is up"
LIBPQ_PREFIX = re.compile(r"connection (?:failed|is bad): (?:connection to server .*? failed: )?")


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


@dataclass(eq=False)
class ServerRefused(LockgateError):
    """A statement of lockgate's own that the server did not run to its end."""

    url: str
    reason: str
    sqlstate: str | None

    code: ClassVar[str] = "LG-CONN-4"

    @property
    def lost(self) -> bool:
        """Whether it is the connection that ended, and not the statement alone."""
        return self.sqlstate is None or self.sqlstate.startswith(CONNECTION_LOST)

    @property
    def exit_status(self) -> ExitStatus:  # type: ignore[override]
        """A server that is gone, or work that was rolled back."""
        return ExitStatus.UNREACHABLE if self.lost else ExitStatus.ROLLED_BACK

    @property
    def message(self) -> str:
        """Where, and the server's words."""
        state = f" (SQLSTATE {self.sqlstate})" if self.sqlstate else ""
        what = "the connection was lost" if self.lost else "the server refused lockgate's own work"
        return f'{what} at "{self.url}": {self.reason}{state}'

    @property
    def hint(self) -> str:
        """Look at the server, then go on."""
        if self.lost:
            return "see in the server's log why it ended, and run the same command again"
        return "remove the cause, and run the same command again"


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

    Raises a WrongDatabase before anything else runs on it, or as `connect_unchecked`.
    """
    with connect_unchecked(url, purpose=purpose) as (connection, mark, facts):
        try:
            proved = judge(expectation, mark, facts)
        except MarkMoved:
            if facts.in_recovery:  # a replica carries its primary's mark
                raise InRecovery(url.redacted()) from None
            raise
        yield Checked(connection, proved, facts)


@contextmanager
def connect_unchecked(
    url: DatabaseUrl, *, purpose: str
) -> Iterator[tuple[psycopg.Connection, Mark | NewerMark | None, Facts]]:
    """A connection in autocommit mode, with mark and facts read and not judged.

    `purpose` goes into `application_name`, where a person on call sees it in pg_stat_activity.
    Raises NotReachable or UrlUnreadable; and InRecovery, RoleMayNotWrite or ServerRefused for what
    the server answers while the connection is in use.
    """
    parameters: dict[str, str | int] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        **url.conninfo(),
        "application_name": f"lockgate {purpose}",
    }
    try:
        connection = psycopg.connect(autocommit=True, **parameters)  # type: ignore[arg-type]
    except psycopg.ProgrammingError as error:
        reason = _first_line(str(error), url.password)
        raise UrlUnreadable(url.redacted(), reason) from None
    except psycopg.Error as error:
        # The cause is cut off: libpq may quote the connection string.
        raise _unreachable(url, error, str(parameters["connect_timeout"])) from None
    try:
        with connection:
            mark, facts = read_identity(
                connection.cursor(),
                # What libpq made of the URL, of PGHOST and of its own default.
                host=connection.info.host,
                announced_pid=connection.info.backend_pid,
            )
            yield connection, mark, facts
    except psycopg.Error as error:
        raise _refused(url, error) from error


def set_session(connection: psycopg.Connection, setting: LiteralString, value: str) -> None:
    """Sets one parameter for the rest of the session."""
    connection.execute(
        sql.SQL("SELECT pg_catalog.set_config({}, {}, false)").format(setting, value)
    )


def _refused(url: DatabaseUrl, error: psycopg.Error) -> LockgateError:
    reason = _first_line(error.diag.message_primary or str(error), url.password)
    if isinstance(error, errors.InsufficientPrivilege):
        return RoleMayNotWrite(url.redacted(), url.user or "", f"do it all: {reason}")
    return ServerRefused(url.redacted(), reason, error.sqlstate)


def _unreachable(url: DatabaseUrl, error: psycopg.Error, timeout_s: str) -> NotReachable:
    text = _first_line(str(error), url.password)
    if isinstance(error, errors.ConnectionTimeout) or "timeout expired" in text:
        text = f"no answer within {timeout_s} s"
    lowered = text.lower()
    remedy = next((r for words, r in REMEDIES if any(w in lowered for w in words)), LAST_REMEDY)
    return NotReachable(url.redacted(), text, remedy)


def _first_line(text: str, password: str | None) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # Several addresses give several lines; the server's own words stand in the last FATAL one.
    fatal = [line for line in lines if "FATAL:" in line]
    line = fatal[-1].partition("FATAL:")[2].strip() if fatal else (lines or ["no reason given"])[0]
    line = LIBPQ_PREFIX.sub("", line)
    return line.replace(password, "***") if password else line
