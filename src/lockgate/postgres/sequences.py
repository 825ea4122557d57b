"""Reads which sequences fill which columns, and how far both are, from the ends of indexes."""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from lockgate.core.probes import SequencePlace
from lockgate.postgres.identity import statement


def sequence_places(connection: psycopg.Connection) -> tuple[SequencePlace, ...]:
    """Every sequence that fills a column, by name; reads no table."""
    cursor = connection.cursor(row_factory=dict_row)
    places = []
    for row in cursor.execute(statement("sequences.sql").encode()).fetchall():
        largest: int | None = None
        known = row["indexed"] and row["readable"]
        if known:
            query = sql.SQL("SELECT {}({}) FROM ONLY {}").format(
                sql.SQL("max" if row["ascending"] else "min"),
                sql.Identifier(row["column_name"]),
                sql.Identifier(row["table_schema"], row["table_name"]),
            )
            found = connection.execute(query).fetchone()
            largest = found[0] if found else None
            if largest is None:
                continue  # without a row, nothing is in the way
        places.append(
            SequencePlace(row["name"], row["column"], row["next_value"], largest, row["ascending"])
        )
    return tuple(places)


def available_extensions(connection: psycopg.Connection) -> frozenset[str]:
    """The extensions that the server offers."""
    rows = connection.execute("SELECT name::text FROM pg_catalog.pg_available_extensions")
    return frozenset(name for (name,) in rows.fetchall())
