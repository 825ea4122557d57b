"""Fills a scratch database: extensions mirrored, a structure restored from a dump."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import psycopg
from psycopg import errors, sql

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.connect import connect_unchecked


@dataclass(eq=False)
class ExtensionMissing(LockgateError):
    """The scratch server cannot provide an extension that the schema needs."""

    extension: str
    reason: str

    code: ClassVar[str] = "LG-SCR-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which extension, in the server's words."""
        return f"the scratch server cannot create {self.extension}: {self.reason}"

    @property
    def hint(self) -> str:
        """Another server."""
        return (
            "set scratch.url to a server that has it, or install PostgreSQL with contrib "
            "(Debian: postgresql-NN) so that lockgate finds its programs"
        )


@dataclass(eq=False)
class NotRestored(LockgateError):
    """The structure of the target could not be made on scratch."""

    reason: str
    sqlstate: str | None

    code: ClassVar[str] = "LG-SCR-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """The server's words."""
        return f"the target's structure cannot be made on scratch: {self.reason} ({self.sqlstate})"

    @property
    def hint(self) -> str:
        """Same major, same extensions."""
        return "use a scratch server of the target's major, with its extensions: see scratch.url"


def create_extensions(url: DatabaseUrl, names: Iterable[str]) -> None:
    """Creates extensions; raises ExtensionMissing for the first that the server lacks."""
    wanted = tuple(names)
    if not wanted:
        return
    with connect_unchecked(url, purpose="scratch") as (connection, _, __):
        for name in wanted:
            command = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} CASCADE")
            try:
                connection.execute(command.format(sql.Identifier(name)))
            except psycopg.Error as error:
                raise _in_words(error, f'extension "{name}"') from error


def restore(url: DatabaseUrl, dump: str) -> None:
    """Executes `dump`, as `dump_schema` wrote it, in one go.

    Raises ExtensionMissing or NotRestored.
    """
    with connect_unchecked(url, purpose="scratch") as (connection, _, __):
        try:
            # pg_dump's own output, from a database that lockgate was told to read.
            connection.execute(dump.encode(), prepare=False)
        except psycopg.Error as error:
            raise _in_words(error, "an extension of the target") from error


def _in_words(error: psycopg.Error, extension: str) -> LockgateError:
    reason = error.diag.message_primary or type(error).__name__
    if isinstance(error, errors.FeatureNotSupported | errors.UndefinedFile):
        return ExtensionMissing(extension, reason)
    return NotRestored(reason, error.sqlstate)
