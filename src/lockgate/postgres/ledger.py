"""Writes and reads the Ledger of one database."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import errors

from lockgate.core.ledger import GENESIS, LedgerRow

APPEND = """
SELECT appended.id FROM lockgate.append_to_ledger(CAST(:entry AS text)) AS appended (id)
 WHERE appended.id IS NOT NULL
"""
"""Appends one row, with `:entry` as its text, in whatever transaction is open; answers its id.

The lock on the end row makes concurrent writers queue, so the chain never forks. A function of
the database's, whose plans the server keeps: a driver forgets what it prepared at each ALTER.
Spelled with a `:name` parameter, since it also runs on the team's own connection.
"""


def start_ledger(connection: psycopg.Connection) -> None:
    """Records the end of an empty Ledger; keeps what is there."""
    connection.execute(
        "INSERT INTO lockgate.ledger_end (id, hash) VALUES (0, %s) ON CONFLICT DO NOTHING",
        (GENESIS,),
    )


def append(connection: psycopg.Connection, entry_text: str) -> None:
    """Appends one row on a connection of lockgate's own."""
    sql = APPEND.replace(":entry", "%(entry)s")
    parameters: Mapping[str, object] = {"entry": entry_text}
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        assert cursor.rowcount == 1, "lockgate.ledger_end lost its row"


def read_ledger(
    connection: psycopg.Connection, *, last: int | None = None
) -> tuple[tuple[LedgerRow, ...], tuple[int, str] | None]:
    """Rows in order of id (only the `last` so many, where given), and the recorded end.

    Both in one snapshot. Empty and None where the database has no Ledger.
    """
    try:
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            rows = connection.execute(
                "SELECT id, entry, previous_hash, hash FROM lockgate.ledger"
                " ORDER BY id DESC LIMIT %s",
                (last,),
            ).fetchall()
            end = connection.execute("SELECT id, hash FROM lockgate.ledger_end").fetchone()
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return (), None
    return tuple(LedgerRow(*row) for row in reversed(rows)), end
