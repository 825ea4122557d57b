"""Runs a Script on a server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import psycopg

from lockgate.core.ddl import Script, ScriptStatement
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.connect import connect_unchecked


@dataclass(eq=False)
class ScriptFailed(LockgateError):
    """A statement that lockgate put together was refused by the server."""

    statement: str
    reason: str
    sqlstate: str | None

    code: ClassVar[str] = "LG-DDL-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Which statement, and the server's words."""
        first = " ".join(self.statement.split())
        shown = first if len(first) <= 120 else f"{first[:117]}..."
        return f'"{shown}" fails on scratch: {self.reason} ({self.sqlstate})'

    @property
    def hint(self) -> str:
        """What can be done."""
        return "write this change by hand, and report it as a fault of lockgate"


def run_script(url: DatabaseUrl, script: Script) -> None:
    """Runs `script` on the scratch database at `url`, in the transactions that it needs.

    What the bodies of functions name need not be there yet, as in a dump. Raises ScriptFailed.
    """
    with connect_unchecked(url, purpose="scratch") as (connection, _, __):
        connection.execute("SET check_function_bodies = off")
        for group in script.transactions():
            if group[0].outside:
                _run(connection, group[0])
                continue
            with connection.transaction():
                for statement in group:
                    _run(connection, statement)


def create_roles(url: DatabaseUrl, roles: Iterable[str]) -> None:
    """Creates those of `roles`, quoted where they have to be, that the server at `url` lacks."""
    with connect_unchecked(url, purpose="scratch") as (connection, _, __):
        answer = connection.execute("SELECT pg_catalog.quote_ident(rolname) FROM pg_roles")
        there = {row[0] for row in answer}
        for role in roles:
            if role not in there:
                connection.execute(f"CREATE ROLE {role}".encode())


def _run(connection: psycopg.Connection[object], statement: ScriptStatement) -> None:
    try:
        # Put together from a Catalog's own spellings; there are no parameters.
        connection.execute(statement.sql.encode(), prepare=False)
    except psycopg.Error as error:
        reason = error.diag.message_primary or type(error).__name__
        raise ScriptFailed(statement.sql, reason, error.sqlstate) from error
