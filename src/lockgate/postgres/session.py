"""What lockgate sets and asks on a session: timeouts, the deploy lock, blockers, versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from select import select
from typing import Any, ClassVar, Protocol

import psycopg
from psycopg import errors, sql

from lockgate.core.environment import Budget
from lockgate.core.health import LongTransaction as LongTransaction  # what it gives back
from lockgate.errors import ExitStatus, LockgateError

DEPLOY_LOCK = 7_812_904_713_560_118_529
"""Key of the session advisory lock that one deployer of a database holds ("lockgate")."""


class DbapiConnection(Protocol):
    """What every DBAPI connection can do."""

    def cursor(self) -> Any:  # Any: the driver's own cursor class
        """A new cursor."""

    def commit(self) -> None:
        """Ends the transaction."""


@dataclass(eq=False)
class AnotherDeployer(LockgateError):
    """Somebody else is changing this database through lockgate right now."""

    environment: str
    pid: int | None
    since: str | None
    application: str | None

    code: ClassVar[str] = "LG-WAIT-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.LOCK_NOT_OBTAINED

    @property
    def message(self) -> str:
        """Who holds the lock."""
        who = f'session {self.pid} ("{self.application}", since {self.since})'
        holder = who if self.pid is not None else "another session"
        return f'"{self.environment}" is being changed by {holder}'

    @property
    def hint(self) -> str:
        """Wait, or look."""
        return "wait until it ends, then look at `lockgate log` and run the command again"


def prepare(connection: DbapiConnection, budget: Budget, *, purpose: str) -> None:
    """Sets timeouts and name of a session of the team's `env.py`, for all its transactions.

    What the role's own settings would do to a long revision is off, and the server stops on its
    own what a killed client left running.
    """
    name = sql.Literal(f"lockgate {purpose}").as_string(None)
    settings = [
        f"pg_catalog.set_config('lock_timeout', '{budget.lock_timeout_ms:d}', false)",
        f"pg_catalog.set_config('statement_timeout', '{budget.statement_timeout_ms:d}', false)",
        f"pg_catalog.set_config('application_name', {name}, false)",
        *_UNBOUNDED,
        _NOTICE_DEAD_CLIENT,
    ]
    cursor = connection.cursor()
    try:
        cursor.execute(f"SELECT {', '.join(settings)}")
    finally:
        cursor.close()
    connection.commit()


_UNBOUNDED = (
    "pg_catalog.set_config('idle_in_transaction_session_timeout', '0', false)",
    "pg_catalog.set_config('idle_session_timeout', '0', false)",
    # PostgreSQL 17 and newer.
    "CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL"
    " THEN pg_catalog.set_config('transaction_timeout', '0', false) END",
)
_NOTICE_DEAD_CLIENT = (
    # Other systems may refuse it: their kernels do not tell.
    "CASE WHEN pg_catalog.version() ~ 'linux'"
    " THEN pg_catalog.set_config('client_connection_check_interval', '1000', false) END"
)


def set_lock_timeout(connection: DbapiConnection, milliseconds: int) -> None:
    """Sets how long one statement waits for a lock, from here on."""
    cursor = connection.cursor()
    try:
        cursor.execute(f"SET lock_timeout = {milliseconds:d}")
    finally:
        cursor.close()


def current_schema(connection: DbapiConnection) -> str | None:
    """Where an unqualified CREATE TABLE would go on this connection."""
    cursor = connection.cursor()
    try:
        cursor.execute("SELECT pg_catalog.current_schema()::text")
        row: Sequence[str | None] = cursor.fetchone()
        return row[0]
    finally:
        cursor.close()


@dataclass(eq=False)
class DeployLockLost(LockgateError):
    """The session that held the deploy lock is gone, so somebody else may be deploying."""

    environment: str
    part_way: bool

    code: ClassVar[str] = "LG-WAIT-3"

    @property
    def exit_status(self) -> ExitStatus:  # type: ignore[override]
        """Whether revisions were committed before."""
        return ExitStatus.PART_WAY if self.part_way else ExitStatus.ROLLED_BACK

    @property
    def message(self) -> str:
        """What was lost, and that the run stopped."""
        so_far = "after the revisions so far" if self.part_way else "before the first revision"
        return f'the session that held the deploy lock of "{self.environment}" ended; {so_far}'

    @property
    def hint(self) -> str:
        """Go on when nobody else does."""
        return "run the same command again; the server's log says why the session ended"


@contextmanager
def deploy_lock(connection: psycopg.Connection, *, environment: str) -> Iterator[None]:
    """Holds the deploy lock of the connection's database; `connection` is in autocommit mode.

    Raises AnotherDeployer at once when it is taken: a wait inside a transaction would deadlock
    with CREATE INDEX CONCURRENTLY, and a silent wait outside one helps nobody.
    """
    # The role's timeouts must not end a session that has nothing to do but hold the lock.
    connection.execute(f"SELECT {', '.join(_UNBOUNDED)}")
    taken = connection.execute(
        "SELECT pg_catalog.pg_try_advisory_lock(%s)", (DEPLOY_LOCK,)
    ).fetchone()
    if taken != (True,):
        raise AnotherDeployer(environment, *(deployer(connection) or (None, None, None)))
    try:
        yield
    finally:
        # A session that is gone holds no lock.
        with suppress(psycopg.OperationalError):
            connection.execute("SELECT pg_catalog.pg_advisory_unlock(%s)", (DEPLOY_LOCK,))


def is_alive(connection: psycopg.Connection) -> bool:
    """Whether the session of `connection` still exists on the server, and with it its locks.

    Asks only where something came that was not asked for, as the news that it ended does.
    """
    if connection.closed:
        return False
    came, _, _ = select([connection], [], [], 0)
    if not came:
        return True
    try:
        connection.execute("SELECT")
    except psycopg.OperationalError:
        return False
    return True


def deployer(connection: psycopg.Connection) -> tuple[int, str, str] | None:
    """Process, start and name of the session that holds the deploy lock, None where nobody does."""
    row = connection.execute(
        "SELECT a.pid, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'), a.application_name"
        "  FROM pg_catalog.pg_locks AS l"
        "  JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted"
        "   AND l.database = (SELECT oid FROM pg_catalog.pg_database"
        "                      WHERE datname = pg_catalog.current_database())"
        "   AND (l.classid::bigint << 32) | l.objid::bigint = %s",
        (DEPLOY_LOCK,),
    ).fetchone()
    return row


def long_transactions(
    connection: psycopg.Connection, *, older_than_ms: int
) -> tuple[LongTransaction, ...]:
    """Transactions of other sessions of this database open for longer, oldest first."""
    rows = connection.execute(
        "SELECT pid, coalesce(usename::text, ''), application_name, coalesce(state, ''),"
        "       extract(epoch FROM clock_timestamp() - xact_start)::float8 * 1000,"
        "       left(query, 200)"
        "  FROM pg_catalog.pg_stat_activity"
        " WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()"
        "   AND backend_type = 'client backend'"
        "   AND clock_timestamp() - xact_start > make_interval(secs => %s / 1000.0)"
        " ORDER BY xact_start",
        (older_than_ms,),
    ).fetchall()
    return tuple(LongTransaction(*row) for row in rows)


def unseen_users(connection: psycopg.Connection) -> tuple[str, ...]:
    """Users with sessions in this database that only show themselves to pg_read_all_stats."""
    rows = connection.execute(
        "SELECT DISTINCT usename::text FROM pg_catalog.pg_stat_activity"
        " WHERE datname = pg_catalog.current_database() AND backend_type IS NULL"
        "   AND usename IS NOT NULL"
        " ORDER BY 1"
    ).fetchall()
    return tuple(row[0] for row in rows)


@dataclass(frozen=True, slots=True)
class Blocker:
    """A session that holds, or was first to ask for, a lock that one of ours waits for.

    `pid` is 0 for a prepared transaction, which has no session.
    """

    pid: int
    application: str
    state: str
    transaction_age_ms: float
    queues: bool


def blockers(connection: psycopg.Connection, waiting: Iterable[int]) -> tuple[Blocker, ...]:
    """Who is in the way of the sessions `waiting` at this moment, holders of locks first."""
    rows = connection.execute(
        "SELECT DISTINCT b.pid, coalesce(a.application_name, 'prepared transaction'),"
        "       coalesce(a.state, ''),"
        "       coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::float8 * 1000,"
        "       coalesce(a.wait_event_type = 'Lock', false)"
        "  FROM pg_catalog.pg_stat_activity AS w"
        # Asked only for who waits: pg_blocking_pids stops the lock manager for a moment.
        " CROSS JOIN LATERAL unnest(CASE WHEN w.wait_event_type = 'Lock'"
        "       THEN pg_catalog.pg_blocking_pids(w.pid) END) AS b(pid)"
        "  LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = b.pid"
        " WHERE w.pid = ANY (%s) AND b.pid <> ALL (%s)"
        " ORDER BY 5, 4 DESC",
        (list(waiting),) * 2,
    ).fetchall()
    return tuple(Blocker(*row) for row in rows)


def cancel(connection: psycopg.Connection, pids: Iterable[int]) -> None:
    """Cancels what the sessions `pids` are executing."""
    connection.execute(
        "SELECT pg_catalog.pg_cancel_backend(pid) FROM unnest(%s::int[]) AS pid", (list(pids),)
    )


def read_heads(
    connection: psycopg.Connection, *, table: str, schema: str | None
) -> tuple[str, ...] | None:
    """Revisions that the version table names, sorted; None where there is no such table."""
    name = sql.Identifier(schema, table) if schema else sql.Identifier(table)
    try:
        rows = connection.execute(
            sql.SQL("SELECT version_num::text FROM {} ORDER BY 1").format(name)
        ).fetchall()
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return None
    return tuple(row[0] for row in rows)
