"""How many rows the server's planner expects a statement to change, without running it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

TIMEOUT = "5s"


def read_estimates(
    connection: psycopg.Connection[Any],  # Any: the caller's row factory
    statements: Iterable[str],
) -> Mapping[str, float]:
    """The rows that each of `statements`, a single query each, gives.

    One is left out that the server refuses, such as for a column that a revision has yet to add.
    Nothing runs and nothing is read: EXPLAIN plans, in a transaction that may only read, and its
    locks are those of a query.
    """
    found: dict[str, float] = {}
    for sql in statements:
        try:
            with connection.transaction(force_rollback=True):
                connection.execute("SET TRANSACTION READ ONLY")
                connection.execute(
                    "SELECT pg_catalog.set_config('lock_timeout', '500ms', true),"
                    " pg_catalog.set_config('statement_timeout', %s, true)",
                    (TIMEOUT,),
                )
                row = connection.execute(f"EXPLAIN (FORMAT JSON) {sql}".encode()).fetchone()
        except psycopg.Error:
            continue
        found[sql] = _rows(row)
    return found


def _rows(row: Any) -> float:  # Any: the caller's row factory
    (answer,) = row.values() if isinstance(row, dict) else row
    return float(answer[0]["Plan"]["Plan Rows"])
