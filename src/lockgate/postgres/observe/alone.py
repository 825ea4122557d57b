"""Runs one statement by itself on scratch, and sees what it does; it stays done.

In a transaction of its own where PostgreSQL lets it stand in one, otherwise outside and watched
through a `Gate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import errors

from lockgate.core.effect import StatementEffects, Transactional
from lockgate.core.sql.trees import parse_one
from lockgate.postgres.observe.gate import Gate
from lockgate.postgres.observe.manner import manner_of
from lockgate.postgres.observe.rows import empty_tables, fails_if_rows, tables_held
from lockgate.postgres.observe.said import read_messages
from lockgate.postgres.observe.witness import Witness

_SPOKEN = ("DEBUG", "INFO")  # the second with VERBOSE

BEGIN = "BEGIN; SET LOCAL client_min_messages = debug1"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one statement did on scratch.

    `messages` are the server's own at level `debug1`: tables verified or rewritten, indexes
    built. Where the statement failed, `sqlstate` and `error` say why and there are no Effects;
    if the rows that are there `refused` it, these are what it does where there are none.
    `partial` where the login could only sample locks that come and go, `by_luck` where others may
    have been held for a moment on more relations than can be watched. `contradictions` are where
    the server's words and its files differ, each with a relation first.
    """

    statement: StatementEffects = field(default_factory=StatementEffects)
    messages: tuple[str, ...] = ()
    sqlstate: str | None = None
    error: str | None = None
    refused: bool = False
    partial: bool = False
    by_luck: bool = False
    contradictions: tuple[str, ...] = ()


def observe(
    connection: psycopg.Connection,
    sql: str,
    *,
    witness: Witness,
    gate: Gate,
    with_rows: bool = False,
    likely: Sequence[str] = (),
) -> Observation:
    """What the one statement `sql` does, run on `connection`, which is in autocommit mode.

    `witness` asks on the same connection. With `with_rows` it is also tried on a made-up row,
    to see whether it fails as soon as there is one; that row is gone again. `likely` are the
    relations that it is thought to lock, which are looked at first where not all can be.
    """
    try:
        with _messages(connection) as messages:
            try:
                return _inside(connection, sql, witness, messages, with_rows)
            except (errors.IntegrityError, errors.DataError) as error:
                return _without_rows(connection, sql, witness, messages, error)
            except (errors.ActiveSqlTransaction, errors.InvalidTransactionTermination):
                connection.execute("ROLLBACK")
            return _outside(connection, sql, witness, gate, messages, likely)
    except psycopg.Error as error:
        if connection.broken:
            raise
        connection.execute("ROLLBACK")
        witness.forget()
        return Observation(sqlstate=error.sqlstate, error=error.diag.message_primary or str(error))


def _inside(
    connection: psycopg.Connection,
    sql: str,
    witness: Witness,
    messages: list[str],
    with_rows: bool,
) -> Observation:
    connection.execute(BEGIN)
    witness.before()
    messages.clear()
    tag = send(connection, sql)
    said = tuple(messages)
    seen = witness.after(said=read_messages(said), tag=tag)
    refused = with_rows and _fails_if_rows(connection, sql, witness)
    connection.execute("COMMIT")
    effects = StatementEffects(seen.effects, Transactional.ALLOWED, refused)
    return Observation(effects, said, contradictions=seen.contradictions)


def _without_rows(
    connection: psycopg.Connection,
    sql: str,
    witness: Witness,
    messages: list[str],
    refused: psycopg.Error,
) -> Observation:
    """What it would do with every table empty, undone again.

    Raises `refused` where that is not the reason.
    """
    connection.execute("ROLLBACK")
    connection.execute(BEGIN)
    empty_tables(connection)
    witness.before()
    messages.clear()
    try:
        tag = send(connection, sql)
    except psycopg.Error:
        raise refused from None
    said = tuple(messages)
    seen = witness.after(said=read_messages(said), tag=tag)
    tables = tables_held(connection)
    connection.execute("ROLLBACK")
    witness.forget()
    fails = bool(tables) and fails_if_rows(connection, sql, tables)
    return Observation(
        StatementEffects(seen.effects, Transactional.ALLOWED, fails),
        said,
        refused.sqlstate,
        refused.diag.message_primary,
        refused=True,
        contradictions=seen.contradictions,
    )


def _fails_if_rows(connection: psycopg.Connection, sql: str, witness: Witness) -> bool:
    """Undoes the statement, tries it on rows, and does it again."""
    tables = tables_held(connection)
    if not tables:
        return False
    connection.execute("ROLLBACK")
    refused = fails_if_rows(connection, sql, tables)
    connection.execute("BEGIN")
    send(connection, sql)
    witness.forget()
    return refused


def send(connection: psycopg.Connection, sql: str) -> str:
    """Runs the one statement `sql`, and answers its command tag.

    What COPY writes to the client is passed over, and it is given no row.
    """
    parsed = parse_one(sql)
    if parsed.kind != "CopyStmt" or parsed.tree.get("filename"):
        return connection.execute(sql.encode()).statusmessage or ""
    with connection.cursor() as cursor:
        with cursor.copy(sql.encode()) as copy:
            if not parsed.tree.get("is_from"):
                for _ in copy:
                    pass
        return cursor.statusmessage or ""


def _outside(
    connection: psycopg.Connection,
    sql: str,
    witness: Witness,
    gate: Gate,
    messages: list[str],
    likely: Sequence[str],
) -> Observation:
    manner = manner_of(parse_one(sql))
    connection.execute(f"SET client_min_messages = {manner.messages}".encode())
    messages.clear()
    try:
        with gate.watching(connection.info.backend_pid, manner, likely=likely) as passed:
            tag = send(connection, sql)
        said = tuple(messages)
    finally:
        connection.execute("RESET client_min_messages")
    seen = witness.passed(passed, said=read_messages(said), tag=tag)
    effects = StatementEffects(seen.effects, Transactional.FORBIDDEN)
    return Observation(
        effects,
        said,
        partial=not gate.sees_all,
        by_luck=not gate.has_all_doors,
        contradictions=seen.contradictions,
    )


@contextmanager
def _messages(connection: psycopg.Connection) -> Iterator[list[str]]:
    """The server's messages at level debug1 while the block runs, in order."""
    messages: list[str] = []

    def keep(diagnostic: errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized in _SPOKEN and diagnostic.message_primary:
            messages.append(diagnostic.message_primary)

    connection.add_notice_handler(keep)
    try:
        yield messages
    finally:
        connection.remove_notice_handler(keep)
