"""Reads what the probes of `core.health` decide over, on one connection that only reads.

Each reader is one statement that any role may run; where a role sees less, `sees_all` says so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

import psycopg
from psycopg import errors

from lockgate.core.duration import format_duration
from lockgate.core.environment import Check
from lockgate.core.health import BlockedSession, Blocker, CheckResult, InvalidIndex, Replica
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.connect import set_session
from lockgate.postgres.identity import statement

BOOLEAN_OID = 16


@dataclass(eq=False)
class ConnectionLost(LockgateError):
    """The connection broke while it was being used."""

    url: str
    reason: str

    code: ClassVar[str] = "LG-CONN-6"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which connection, and the driver's words."""
        return f'the connection to "{self.url}" was lost: {self.reason}'

    @property
    def hint(self) -> str:
        """Where to look."""
        return "look at the server's log: it was shut down, failed over, or ended the session"


@dataclass(eq=False)
class ProbeRefused(LockgateError):
    """The server did not answer a probe: it took too long, or refused it."""

    url: str
    reason: str
    sqlstate: str | None

    code: ClassVar[str] = "LG-CONN-5"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Which server, and its words."""
        state = f" (SQLSTATE {self.sqlstate})" if self.sqlstate else ""
        return f'"{self.url}" did not answer a probe: {self.reason}{state}'

    @property
    def hint(self) -> str:
        """The usual causes."""
        return "look for an overloaded server, or for a catalog that a session holds locked"


def only_read(
    connection: psycopg.Connection, *, statement_timeout_ms: int, lock_timeout_ms: int
) -> None:
    """Makes the session read-only and bounds what it may wait, for all its transactions."""
    set_session(connection, "default_transaction_read_only", "on")
    set_session(connection, "statement_timeout", str(statement_timeout_ms))
    set_session(connection, "lock_timeout", str(lock_timeout_ms))
    set_session(connection, "idle_session_timeout", "0")


@contextmanager
def answering(connection: psycopg.Connection, *, url: str) -> Iterator[None]:
    """Puts what the server or the network refuses meanwhile into words.

    Raises ConnectionLost, ProbeRefused.
    """
    try:
        yield
    except psycopg.Error as error:
        if connection.broken or connection.closed:
            raise ConnectionLost(url, _words(error)) from error
        raise ProbeRefused(url, _words(error), error.sqlstate) from error


def sees_all(connection: psycopg.Connection) -> bool:
    """Whether the role may see what sessions of other roles do."""
    row = connection.execute(
        "SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')"
    ).fetchone()
    return row == (True,)


def blocked_sessions(
    connection: psycopg.Connection, *, longer_than_ms: float
) -> tuple[BlockedSession, ...]:
    """Sessions of this database that have waited longer for a lock, the longest wait first.

    `pg_blocking_pids` stops the whole lock manager for a moment, so it is only asked about those.
    """
    rows = connection.execute(
        statement("blocked_sessions.sql").encode(), {"longer_than_ms": longer_than_ms}
    ).fetchall()
    return tuple(
        BlockedSession(
            pid, user, application, lock, waited_ms, query, tuple(Blocker(*p[6:]) for p in pairs)
        )
        for (pid, user, application, lock, waited_ms, query), pairs in groupby(
            rows, key=lambda row: row[:6]
        )
    )


def invalid_indexes(connection: psycopg.Connection) -> tuple[InvalidIndex, ...]:
    """Invalid indexes of this database that are not being built, by name."""
    rows = connection.execute(statement("invalid_indexes.sql").encode()).fetchall()
    return tuple(InvalidIndex(*row) for row in rows)


def replicas(connection: psycopg.Connection) -> tuple[Replica, ...]:
    """Servers and subscribers that follow this server, by name."""
    rows = connection.execute(statement("replicas.sql").encode()).fetchall()
    return tuple(Replica(*row) for row in rows)


def answer_check(connection: psycopg.Connection, check: Check) -> CheckResult:
    """What the server answers to the SQL of `check`, in a transaction that cannot write.

    Raises psycopg.Error where the connection breaks.
    """
    assert check.sql is not None
    started = time.perf_counter()
    try:
        with connection.transaction():
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute(
                "SELECT pg_catalog.set_config('statement_timeout', %s, true)",
                (str(check.timeout_ms),),
            )
            # Prepared, so that the server takes one statement only: no COMMIT leads out of here.
            cursor = connection.execute(check.sql.encode(), prepare=True)
            reason = _unexpected(cursor, check.expect)
    except psycopg.Error as error:
        if connection.broken or connection.closed:
            raise
        if isinstance(error, errors.QueryCanceled):
            reason = f"it took longer than {format_duration(check.timeout_ms)}"
        else:
            reason = f"{_words(error)} (SQLSTATE {error.sqlstate})"
    return CheckResult(check.name, reason, (time.perf_counter() - started) * 1_000)


def _unexpected(cursor: psycopg.Cursor, expect: str | None) -> str | None:
    """Why the first column of the first row is not `expect`, in the server's spelling; or None."""
    result = cursor.pgresult
    if result is None or result.ntuples == 0:
        return "it gave no row"
    if expect is None:
        return None
    if result.nfields == 0:
        return f'expected "{expect}", got a row without columns'
    value = result.get_value(0, 0)
    if value is None:
        return f'expected "{expect}", got NULL'
    text = value.decode(cursor.connection.info.encoding, errors="replace")
    if result.ftype(0) == BOOLEAN_OID:
        text = "true" if text == "t" else "false"  # as in SQL, and as in boolean::text
    return None if text == expect else f'expected "{expect}", got "{text}"'


def _words(error: psycopg.Error) -> str:
    words = error.diag.message_primary or str(error)
    return " ".join(words.split()).rstrip(".")
