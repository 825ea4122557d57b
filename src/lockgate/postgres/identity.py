"""Reads which database a connection is on, and writes the mark that says so.

Works on any DBAPI cursor, since the connection may be the team's own. Whether mark and facts
are the expected ones is decided in `core.identity`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import psycopg

from lockgate.core.environment import Role
from lockgate.core.identity import (
    MARK_FORMAT,
    Facts,
    Mark,
    MarkUnreadable,
    NewerMark,
    canonical_host,
)


class Cursor(Protocol):
    """What every DBAPI cursor can do."""

    def execute(self, operation: str, /) -> object:
        """Runs one statement."""

    def fetchone(self) -> Sequence[object] | None:
        """The next row."""


def read_identity(
    cursor: Cursor, *, host: str | None, announced_pid: int | None
) -> tuple[Mark | NewerMark | None, Facts]:
    """The mark of the database that `cursor` is on, and the facts it must agree with.

    The mark is None where there is none, and a NewerMark where its format is unknown. At most
    three short read-only statements; any role can run them. `host` is how the caller addressed
    the server.

    Raises MarkUnreadable.
    """
    cursor.execute(statement("facts.sql"))
    row = cursor.fetchone()
    assert row is not None, "pg_database has a row for the current database"
    database, oid, may_ask, port, schema, version, recovery, pid, user, has_mark = row
    facts = Facts(
        database=str(database),
        oid=int(str(oid)),
        system_identifier=_read_system_identifier(cursor) if may_ask else None,
        host=canonical_host(host),
        port=int(str(port)),
        schema=None if schema is None else str(schema),
        server_version=int(str(version)),
        in_recovery=bool(recovery),
        announced_pid=announced_pid,
        backend_pid=int(str(pid)),
        user=str(user),
    )
    return (_read_mark(cursor, facts.database) if has_mark else None), facts


def write_mark(connection: psycopg.Connection, mark: Mark) -> None:
    """Makes lockgate's schema where it is missing and writes `mark` in place of any older one.

    Runs in the connection's transaction; the caller commits.
    """
    connection.execute(statement("mark_schema.sql"))
    connection.execute("DELETE FROM lockgate.mark")
    connection.execute(
        "INSERT INTO lockgate.mark (format, uuid, environment, role, part, system_identifier, oid,"
        " host, port, database, schema, enrolled_at, enrolled_by)"
        " VALUES (%(format)s, %(uuid)s, %(environment)s, %(role)s, %(part)s,"
        " %(system_identifier)s, %(oid)s, %(host)s, %(port)s, %(database)s, %(schema)s,"
        " %(enrolled_at)s, %(enrolled_by)s)",
        asdict(mark) | {"role": mark.role.value},
    )


@cache
def statement(name: str) -> str:
    """The text of the SQL file `name` beside this module."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _read_system_identifier(cursor: Cursor) -> str:
    # A statement of its own: PostgreSQL checks the right to call a function even where a CASE
    # would never call it.
    cursor.execute("SELECT system_identifier::text FROM pg_catalog.pg_control_system()")
    row = cursor.fetchone()
    assert row is not None, "a function that is no set gives a row"
    return str(row[0])


def _read_mark(cursor: Cursor, database: str) -> Mark | NewerMark | None:
    # As JSON, so that a newer mark with other columns is still read as far as its format.
    cursor.execute("SELECT pg_catalog.to_jsonb(m)::text FROM lockgate.mark AS m")
    row = cursor.fetchone()
    if row is None:
        return None
    written = json.loads(str(row[0]))
    try:
        return _parse_mark(written)
    except KeyError as error:
        raise MarkUnreadable(database, f"it has no {error}") from error
    except (TypeError, ValueError) as error:
        raise MarkUnreadable(database, str(error)) from error


def _parse_mark(written: Mapping[str, Any]) -> Mark | NewerMark:  # Any: the row's own JSON
    if written["format"] > MARK_FORMAT:
        return NewerMark(written["format"])
    return Mark(
        format=written["format"],
        uuid=written["uuid"],
        environment=written["environment"],
        role=Role(written["role"]),
        part=written["part"],
        system_identifier=written["system_identifier"],
        oid=written["oid"],
        host=written["host"],
        port=written["port"],
        database=written["database"],
        schema=written["schema"],
        enrolled_at=datetime.fromisoformat(written["enrolled_at"]),
        enrolled_by=written["enrolled_by"],
    )
