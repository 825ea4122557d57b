"""A database on scratch where statements are tried one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.connect import connect_unchecked
from lockgate.postgres.observe.alone import Observation, observe, send
from lockgate.postgres.observe.gate import Gate, open_gate
from lockgate.postgres.observe.witness import Witness


class Bench:
    """One session, and the Gate beside it; each statement is seen on what those before it left."""

    def __init__(self, connection: psycopg.Connection, gate: Gate) -> None:
        self.connection = connection
        # DISCARD ALL and DEALLOCATE ALL take away what a driver has prepared.
        self.connection.prepare_threshold = None
        self.gate = gate
        self.witness = Witness(lambda query: connection.execute(query.encode()).fetchall())

    def observe(self, sql: str, *, likely: Sequence[str] = ()) -> Observation:
        """What the one statement `sql` does; `likely` as for `observe`."""
        return observe(
            self.connection,
            sql,
            witness=self.witness,
            gate=self.gate,
            with_rows=True,
            likely=likely,
        )

    def run(self, sql: str) -> str | None:
        """Runs what makes the structure; the server's words where it fails, None where not."""
        try:
            send(self.connection, sql)
        except psycopg.Error as error:
            return error.diag.message_primary or str(error)
        return None


@contextmanager
def open_bench(url: DatabaseUrl) -> Iterator[Bench]:
    """A Bench in the database at `url`. Raises as `connect_unchecked`."""
    with open_gate(url) as gate, connect_unchecked(url, purpose="observe") as (connection, _, __):
        yield Bench(connection, gate)
