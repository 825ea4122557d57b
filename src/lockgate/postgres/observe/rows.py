"""Whether a statement is refused as soon as its table has a row, whatever the row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg import errors, sql

from lockgate.postgres.observe.witness import query


@dataclass(slots=True)
class _Table:
    values: dict[str, str] = field(default_factory=dict)
    needed: dict[str, str] = field(default_factory=dict)


Tables = dict[int, _Table]
"""Tables by their oid."""


def tables_held(connection: psycopg.Connection) -> Tables:
    """The tables that the transaction has locked against everybody, with values for a row."""
    tables: Tables = {}
    for oid, attribute, needed, value in connection.execute(query("columns").encode()):
        table = tables.setdefault(oid, _Table())
        table.values[attribute] = value
        if needed:
            table.needed[attribute] = value
    return tables


def empty_tables(connection: psycopg.Connection) -> None:
    """Deletes every row, until the transaction is undone; that holds no lock which DDL takes."""
    connection.execute("SET LOCAL session_replication_role = replica")
    deletes = connection.execute(query("deletes").encode()).fetchall()
    connection.execute("; ".join(delete for (delete,) in deletes).encode())
    connection.execute("SET LOCAL session_replication_role = origin")


def fails_if_rows(connection: psycopg.Connection, statement: str, tables: Tables) -> bool:
    """Tries `statement` on made-up rows in `tables`, and leaves nothing behind.

    It has to fail on a row as empty as the columns allow and on one without nulls, each time for
    what stands in a column that the statement adds: anything else is a matter of the rows.
    """
    return all(
        _fails_on(connection, statement, tables, everything=everything)
        for everything in (False, True)
    )


def _fails_on(
    connection: psycopg.Connection, statement: str, tables: Tables, *, everything: bool
) -> bool:
    try:
        connection.execute("BEGIN")
        there = _fill(connection, tables, everything=everything)
        failure = _failure(connection, statement) if there else None
        if isinstance(failure, errors.NotNullViolation):
            column = failure.diag.column_name
            return column not in there if column else failure.diag.datatype_name is not None
        if isinstance(failure, errors.CheckViolation):
            return _is_about_new_columns(connection, statement, failure, there)
    finally:
        connection.execute("ROLLBACK")
    return False


def _failure(connection: psycopg.Connection, statement: str) -> psycopg.Error | None:
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        return error
    return None


def _fill(connection: psycopg.Connection, tables: Tables, *, everything: bool) -> set[str]:
    """A row for each of `tables` that takes it; the columns of those that have one now.

    Foreign keys and triggers do not look, so the order of the tables does not matter.
    """
    connection.execute("SET LOCAL session_replication_role = replica")
    filled: set[str] = set()
    for oid, table in tables.items():
        names = _columns(connection, oid)
        values = table.values if everything else table.needed
        given = {name: value for name, value in values.items() if name in names}
        connection.execute("SAVEPOINT row")
        try:
            connection.execute(_insert(_name(connection, oid), given))
        except psycopg.Error:  # a partition for other rows, a check
            connection.execute("ROLLBACK TO row")
        else:
            filled |= names
    connection.execute("SET LOCAL session_replication_role = origin")
    return filled


def _columns(connection: psycopg.Connection, table: int) -> set[str]:
    """The names of the columns of a table as they are now; none where there is no such table."""
    rows = connection.execute(
        "SELECT attname::text FROM pg_catalog.pg_attribute"
        " WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped",
        (table,),
    ).fetchall()
    return {name for (name,) in rows}


def _name(connection: psycopg.Connection, table: int) -> sql.Identifier:
    answer = connection.execute(
        "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class AS c"
        "  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = %s",
        (table,),
    ).fetchone()
    return sql.Identifier(*answer) if answer else sql.Identifier("")


def _insert(name: sql.Identifier, given: Mapping[str, str]) -> sql.Composed:
    if not given:
        return sql.SQL("INSERT INTO {} DEFAULT VALUES").format(name)
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        name,
        sql.SQL(", ").join(map(sql.Identifier, given)),
        sql.SQL(", ").join(sql.SQL(value) for value in given.values()),  # from columns.sql
    )


def _is_about_new_columns(
    connection: psycopg.Connection, statement: str, error: psycopg.Error, there: set[str]
) -> bool:
    """Whether the check that was violated looks at none of the columns that were `there`."""
    connection.execute("ROLLBACK")
    connection.execute("BEGIN")
    empty_tables(connection)
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
