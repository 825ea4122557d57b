"""How fast a server computes, without a table of anybody's."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import psycopg

RUNS = 3
"""Whatever else the machine does only makes a run longer, so the shortest counts."""


def read_pace(connection: psycopg.Connection[Any]) -> float | None:
    """The milliseconds that a fixed computation takes there, None where the server refuses.

    `connection` is in no transaction. Two servers are compared by it: their processors, not
    their disks.
    """
    text = files(__package__).joinpath("pace.sql").read_bytes()
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute(
                "SELECT pg_catalog.set_config('jit', 'off', true),"
                " pg_catalog.set_config('statement_timeout', '5s', true)"
            )
            taken = [_taken(connection.execute(text).fetchone()) for _ in range(RUNS)]
    except psycopg.Error:
        return None
    return min(taken)


def _taken(row: Any) -> float:  # Any: the caller's row factory
    (answer,) = row.values() if isinstance(row, dict) else row
    return float(answer[0]["Execution Time"])
