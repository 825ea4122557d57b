"""A database in which each form of the corpus is tried, one after the other, each from nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.observe import Gate, Observation, Witness, observe, open_gate
from tests.effects.corpus import ROLES, SPACE, Form

# A quiet server: what autovacuum locks is not the statement's doing.
SETTINGS = {"autovacuum": "off", "wal_level": "logical"}


class Lab:
    """One session, and the Gate beside it."""

    def __init__(self, connection: psycopg.Connection, gate: Gate) -> None:
        self.connection = connection
        self.gate = gate

    def try_form(
        self, form: Form, *, with_rows: bool = True, likely: Sequence[str] = ()
    ) -> Observation:
        """What the statement of `form` does on what it is given."""
        self.empty()
        self.connection.execute(form.given.encode())
        witness = Witness(lambda query: self.connection.execute(query.encode()).fetchall())
        return observe(
            self.connection,
            form.sql,
            witness=witness,
            gate=self.gate,
            with_rows=with_rows,
            likely=likely,
        )

    def empty(self) -> None:
        """Removes what the form before left, whatever it was."""
        leftovers = self.connection.execute(
            "SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace"
            " WHERE nspname !~ '^(pg_|information_schema)'"
            " UNION ALL SELECT format('DROP TABLE pg_catalog.%I CASCADE', relname) FROM pg_class"
            "            WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'p')"
            "              AND oid >= 16384"
            " UNION ALL SELECT format('DROP EXTENSION IF EXISTS %I CASCADE', extname)"
            "             FROM pg_extension WHERE extname <> 'plpgsql'"
            " UNION ALL SELECT format('DROP EVENT TRIGGER IF EXISTS %I', evtname)"
            "             FROM pg_event_trigger"
            " UNION ALL SELECT format('DROP PUBLICATION IF EXISTS %I', pubname) FROM pg_publication"
            " UNION ALL SELECT format('DROP FOREIGN DATA WRAPPER %I CASCADE', fdwname)"
            "             FROM pg_foreign_data_wrapper"
        ).fetchall()
        drops = "; ".join(drop for (drop,) in leftovers)
        self.connection.execute("DISCARD ALL")
        self.connection.execute(f"{drops}; CREATE SCHEMA public".encode())


@contextmanager
def open_lab(url: DatabaseUrl) -> Iterator[Lab]:
    """A Lab in the database at `url`, on a server where it may make roles."""
    with psycopg.connect(make_conninfo(**url.conninfo()), autocommit=True) as connection:
        there = {name for (name,) in connection.execute("SELECT rolname::text FROM pg_roles")}
        for role in ROLES:
            if role not in there:
                connection.execute(f"CREATE ROLE {role}".encode())
        _make_space(connection)
        with open_gate(url) as gate:
            yield Lab(connection, gate)


def _make_space(connection: psycopg.Connection) -> None:
    """A tablespace for the forms that move things there, in a folder of the server's own."""
    if connection.execute("SELECT FROM pg_tablespace WHERE spcname = %s", (SPACE,)).fetchone():
        return
    answer = connection.execute("SELECT current_setting('data_directory')").fetchone()
    folder = f"{answer[0]}/{SPACE}" if answer else ""
    connection.execute(
        f"COPY (SELECT 1) TO PROGRAM 'cat >/dev/null && mkdir \"{folder}\"'".encode()
    )
    connection.execute(f"CREATE TABLESPACE {SPACE} LOCATION '{folder}'".encode())
