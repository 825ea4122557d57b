"""Writes and reads the journal: what an unfinished revision has committed so far.

The statements with `:name` parameters run on the team's own connection, so that they commit
with what they tell of. Going on from the journal is `workflows.journal`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, LiteralString

import psycopg
from psycopg import errors, sql

from lockgate.core.duration import format_duration
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.identity import statement

BEGIN = """
INSERT INTO lockgate.journal (revision, direction, position, syntax, sql, digest, touched,
                              within_schema, backend, backend_start, done_at)
SELECT CAST(:revision AS text), CAST(:direction AS text), CAST(:position AS integer),
       CAST(:syntax AS text), CAST(:sql AS text), CAST(:digest AS text),
       CAST(:touched AS bigint),
       (SELECT n.nspname
          FROM pg_catalog.pg_namespace AS n
         WHERE n.oid = coalesce(
               (SELECT c.relnamespace FROM pg_catalog.pg_class AS c
                 WHERE c.oid = pg_catalog.to_regclass(CAST(:within AS text))),
               (SELECT t.typnamespace FROM pg_catalog.pg_type AS t
                 WHERE t.oid = pg_catalog.to_regtype(CAST(:within AS text))))),
       pg_catalog.pg_backend_pid(),
       (SELECT a.backend_start FROM pg_catalog.pg_stat_activity AS a
         WHERE a.pid = pg_catalog.pg_backend_pid()),
       CASE WHEN CAST(:done AS boolean) THEN clock_timestamp() END
"""
"""Notes one statement, begun or (`:done`) in a transaction that is about to commit.

`:within` is the quoted name of what it works on, whose schema is kept, or null.
"""

DONE = """
UPDATE lockgate.journal SET done_at = clock_timestamp(), touched = CAST(:touched AS bigint)
 WHERE revision = :revision AND direction = :direction AND position = CAST(:position AS integer)
"""

CLEAR: LiteralString = "DELETE FROM lockgate.journal"


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One statement of an unfinished revision; `done_at` is None where it was cut off.

    `sql` is fit to be read, `digest` is of all that was sent, `touched` the rows it touched.
    """

    revision: str
    direction: str
    position: int
    syntax: str
    sql: str
    digest: str
    touched: int | None
    within_schema: str | None
    backend: int
    backend_start: datetime | None
    begun_at: datetime
    done_at: datetime | None


def ensure_schema(connection: psycopg.Connection) -> None:
    """Makes what is missing in a database that was enrolled by an older lockgate."""
    there = connection.execute(
        "SELECT pg_catalog.to_regclass('lockgate.journal') IS NOT NULL"
        " AND pg_catalog.to_regprocedure('lockgate.append_to_ledger(text)') IS NOT NULL"
    ).fetchone()
    if there != (True,):
        connection.execute(statement("mark_schema.sql"))


def read_journal(connection: psycopg.Connection) -> tuple[JournalRow, ...]:
    """The statements of the unfinished revision in order; nearly always there are none."""
    try:
        rows = connection.execute(
            "SELECT revision, direction, position, syntax, sql, digest, touched,"
            "       within_schema, backend, backend_start, begun_at, done_at"
            "  FROM lockgate.journal ORDER BY revision, direction, position"
        ).fetchall()
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return ()
    return tuple(JournalRow(*row) for row in rows)


def clear(connection: psycopg.Connection) -> None:
    """Takes every row away."""
    connection.execute(CLEAR)


def settle_row(connection: psycopg.Connection, row: JournalRow, *, done: bool) -> None:
    """Notes that `row`, which was cut off, took place after all, or forgets it."""
    where = sql.SQL(" WHERE revision = %s AND direction = %s AND position = %s")
    change = "UPDATE lockgate.journal SET done_at = clock_timestamp()" if done else CLEAR
    connection.execute(sql.SQL(change) + where, (row.revision, row.direction, row.position))


def end_backend(connection: psycopg.Connection, row: JournalRow, *, timeout_ms: int) -> None:
    """Ends the session that ran `row`, if it outlived its client, and waits until it is gone."""
    connection.execute(
        "SELECT pg_catalog.pg_terminate_backend(pid, %s) FROM pg_catalog.pg_stat_activity"
        " WHERE pid = %s AND backend_start = %s AND pg_catalog.pg_has_role(usesysid, 'MEMBER')",
        (timeout_ms, row.backend, row.backend_start),
    )


def index_is_valid(connection: psycopg.Connection, schema: str | None, name: str) -> bool | None:
    """Whether the index is valid; None where there is no such index."""
    row = connection.execute(
        "SELECT i.indisvalid FROM pg_catalog.pg_index AS i"
        "  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid"
        "  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relname = %s",
        (schema, name),
    ).fetchone()
    return None if row is None else bool(row[0])


@dataclass(eq=False)
class IndexNotDropped(LockgateError):
    """The invalid index that a run left cannot be taken away, because somebody uses its table."""

    index: str
    lock_timeout_ms: int

    code: ClassVar[str] = "LG-WAIT-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.PART_WAY

    @property
    def message(self) -> str:
        """Which index, and how long it was tried."""
        waited = format_duration(self.lock_timeout_ms)
        return (
            f'the invalid index "{self.index}", left by the run that was cut off, '
            f"could not be dropped within {waited}"
        )

    @property
    def hint(self) -> str:
        """Wait for the transactions on its table."""
        return "let the transactions on its table end, then run the same command again"


def drop_index(
    connection: psycopg.Connection, schema: str | None, name: str, *, lock_timeout_ms: int
) -> None:
    """Drops an invalid index without blocking reads or writes; raises IndexNotDropped."""
    index = sql.Identifier(schema, name) if schema else sql.Identifier(name)
    connection.execute(sql.SQL("SET lock_timeout = {}").format(lock_timeout_ms))
    try:
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(index))
    except errors.LockNotAvailable as error:
        raise IndexNotDropped(name, lock_timeout_ms) from error
    finally:
        connection.execute("RESET lock_timeout")


def has_enum_value(
    connection: psycopg.Connection, schema: str | None, name: str, value: str
) -> bool:
    """Whether the enum type has that value."""
    row = connection.execute(
        "SELECT FROM pg_catalog.pg_enum AS e"
        "  JOIN pg_catalog.pg_type AS t ON t.oid = e.enumtypid"
        "  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace"
        " WHERE n.nspname = %s AND t.typname = %s AND e.enumlabel = %s",
        (schema, name, value),
    ).fetchone()
    return row is not None
