"""Whether a statement is refused as soon as its table has a row, whatever the row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import psycopg
from psycopg import errors, sql

from lockgate.postgres.observe.witness import query


@dataclass(slots=True)
class _Table:
    name: str
    columns: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


Tables = dict[int, _Table]
"""Tables by their oid."""


def tables_held(connection: psycopg.Connection) -> Tables:
    """The tables that the transaction has locked against everybody, with values for a row."""
    tables: Tables = {}
    for oid, name, attribute, needed, value in connection.execute(query("columns").encode()):
        table = tables.setdefault(oid, _Table(name))
        table.columns.append(attribute)
        if needed:
            table.values[attribute] = value
    return tables


def fails_if_rows(connection: psycopg.Connection, statement: str, tables: Tables) -> bool:
    """Tries `statement` on a made-up row in each of `tables`; leaves nothing behind.

    What a row could avoid is no refusal whatever the row: it counts only if what is missing
    stands in a column that the statement adds.
    """
    try:
        connection.execute("BEGIN")
        there = _fill(connection, tables)
        failure = _failure(connection, statement)
        if isinstance(failure, errors.NotNullViolation):
            column = failure.diag.column_name
            return column not in there if column else failure.diag.datatype_name is not None
        if isinstance(failure, errors.CheckViolation):
            return _is_about_new_columns(connection, statement, failure, there)
    except psycopg.Error:
        return False  # no such row can be made up
    finally:
        connection.execute("ROLLBACK")
    return False


def _failure(connection: psycopg.Connection, statement: str) -> psycopg.Error | None:
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        return error
    return None


def _fill(connection: psycopg.Connection, tables: Tables) -> set[str]:
    """A row for each of `tables` that is there; the names of their columns as they are now.

    Foreign keys and triggers do not look, so the order of the tables does not matter.
    """
    connection.execute("SET LOCAL session_replication_role = replica")
    there: set[str] = set()
    for oid, table in tables.items():
        answer = connection.execute(
            "SELECT pg_catalog.array_agg(attname::text) FROM pg_catalog.pg_attribute"
            " WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped",
            (oid,),
        ).fetchone()
        columns = set(answer[0] or ()) if answer else set()
        if columns:
            connection.execute(_insert(connection, oid, table, columns))
            there |= columns
    connection.execute("SET LOCAL session_replication_role = origin")
    return there


def _insert(
    connection: psycopg.Connection, oid: int, table: _Table, columns: Iterable[str]
) -> sql.Composed:
    answer = connection.execute(
        "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class AS c"
        "  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = %s",
        (oid,),
    ).fetchone()
    assert answer is not None
    given = {name: value for name, value in table.values.items() if name in columns}
    name = sql.Identifier(*answer)
    if not given:
        return sql.SQL("INSERT INTO {} DEFAULT VALUES").format(name)
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        name,
        sql.SQL(", ").join(map(sql.Identifier, given)),
        # Values are expressions of columns.sql.
        sql.SQL(", ").join(sql.SQL(value) for value in given.values()),
    )


def _is_about_new_columns(
    connection: psycopg.Connection, statement: str, error: psycopg.Error, there: set[str]
) -> bool:
    """Whether the check that was violated looks at none of the columns that were `there`."""
    connection.execute("ROLLBACK")
    connection.execute("BEGIN")
    connection.execute(statement.encode())
    answer = connection.execute(
        "SELECT pg_catalog.array_agg(a.attname::text) FROM pg_catalog.pg_constraint AS c"
        "  JOIN pg_catalog.pg_class AS r ON r.oid = c.conrelid"
        "  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = ANY (c.conkey)"
        " WHERE c.conname = %s AND r.relname = %s",
        (error.diag.constraint_name, error.diag.table_name),
    ).fetchone()
    columns = set(answer[0] or ()) if answer else set()
    return bool(columns) and not columns & there
