"""Reads a Catalog in one snapshot, on a connection that the caller has opened and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

import psycopg
from psycopg import errors
from psycopg.rows import dict_row, tuple_row

from lockgate.core.catalog import COSMETIC_KINDS, Catalog, CatalogObject
from lockgate.core.option_text import join_options
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.catalog.spelling import NEWEST_SPELLING, settle

ATTEMPTS = 10
"""How often a reading is begun before the objects under it are called too restless."""


@dataclass(eq=False)
class CatalogLocked(LockgateError):
    """Reading waited for an object that somebody else holds in ACCESS EXCLUSIVE mode."""

    database: str
    lock_timeout_ms: int

    code: ClassVar[str] = "LG-CAT-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.LOCK_NOT_OBTAINED

    @property
    def message(self) -> str:
        """Which database, and how long it waited."""
        return (
            f'the structure of "{self.database}" cannot be read: '
            f"a table stayed locked for {self.lock_timeout_ms} ms"
        )

    @property
    def hint(self) -> str:
        """What to look for."""
        return "look in pg_locks for a session that holds ACCESS EXCLUSIVE, and try again after it"


@dataclass(eq=False)
class CatalogMoved(LockgateError):
    """Objects were dropped or altered under every attempt; `reason` is the server's last word."""

    database: str
    reason: str

    code: ClassVar[str] = "LG-CAT-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.LOCK_NOT_OBTAINED

    @property
    def message(self) -> str:
        """Which database, and what went missing."""
        return f'the structure of "{self.database}" changes while it is read: {self.reason}'

    @property
    def hint(self) -> str:
        """Wait."""
        return "wait until nobody changes the structure, and run the command again"


@dataclass(eq=False)
class CatalogTooSlow(LockgateError):
    """One query took longer than it may on a busy server."""

    database: str
    statement_timeout_ms: int

    code: ClassVar[str] = "LG-CAT-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which database, and how long it may take."""
        return (
            f'the structure of "{self.database}" cannot be read: '
            f"a query took longer than {self.statement_timeout_ms} ms"
        )

    @property
    def hint(self) -> str:
        """What to do about it."""
        return "run the command again when the server is less busy"


@dataclass(eq=False)
class CatalogBroken(LockgateError):
    """The server itself cannot say what a view is made of: something that it needs is gone."""

    database: str
    view: str
    reason: str

    code: ClassVar[str] = "LG-CAT-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Which view, and the server's words."""
        return (
            f'the structure of "{self.database}" cannot be read: '
            f"the server has no definition of view {self.view}: {self.reason}"
        )

    @property
    def hint(self) -> str:
        """The view is lost; its revision has the text."""
        return "remove the view and create it again from the revision that made it"


def read_catalog(
    connection: psycopg.Connection[Any],  # Any: the caller's row factory
    *,
    leave_out: Sequence[tuple[str, str]] = (),
    lock_timeout_ms: int = 5000,
    statement_timeout_ms: int = 60_000,
) -> Catalog:
    """The Catalog of the database that `connection` is on, at one moment.

    `connection` is in no transaction, and is in none afterwards. `leave_out` are the version
    tables, each a schema and a name. Any role can read; what it may not see is in `missing`.

    Raises CatalogLocked, CatalogTooSlow, CatalogMoved, CatalogBroken.
    """
    database = connection.info.dbname
    server = connection.info.parameter_status("server_version") or "unknown"
    reading = Reading(tuple(leave_out), lock_timeout_ms, statement_timeout_ms)
    last_word = ""
    attempts = 0
    while attempts < ATTEMPTS:
        try:
            objects = _read(connection, reading)
        except errors.InsufficientPrivilege:
            refused = _refused(connection, reading)
            if refused == reading.unreadable:
                raise
            reading = replace(reading, unreadable=refused)
        except _GONE as error:
            last_word = str(error).partition("\n")[0]
            attempts += 1
        except errors.LockNotAvailable:
            raise CatalogLocked(database, lock_timeout_ms) from None
        except errors.QueryCanceled:
            raise CatalogTooSlow(database, statement_timeout_ms) from None
        else:
            return Catalog(server.split()[0], tuple(objects), tuple(sorted(reading.unreadable)))
    for view, reason in _broken_views(connection):
        raise CatalogBroken(database, view, reason)
    raise CatalogMoved(database, last_word)


def _broken_views(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, str]]:
    """Views that the server cannot write down, each with its words."""
    views = connection.cursor(row_factory=tuple_row).execute(
        "SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname)"
        "  FROM pg_catalog.pg_class AS c"
        "  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' ORDER BY 2"
    )
    for oid, view in views.fetchall():
        try:
            connection.execute("SELECT pg_catalog.pg_get_viewdef(%s::oid)", (oid,))
        except errors.InternalError_ as error:
            yield view, str(error).partition("\n")[0]


def _read(connection: psycopg.Connection[Any], reading: Reading) -> list[CatalogObject]:
    objects: list[CatalogObject] = []
    with run_queries(connection, reading) as cursors:
        for cursor in cursors.values():
            objects.extend(_assemble(cursor, connection.info.server_version))
    return objects


class _ObjectGone(Exception):
    """A function of the server has no answer about an object that the snapshot still shows."""


# What functions like pg_get_viewdef say of an object that is gone: they look at the catalogs as
# they are, not as the snapshot shows them.
_GONE = (
    _ObjectGone,
    errors.InternalError_,
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.UndefinedObject,
    errors.UndefinedFunction,
    errors.InvalidSchemaName,
)

# What the deparsing functions write depends on these. JIT and parallel workers cost more than
# they bring, and a busy server has better uses for them.
_SETTINGS = """
SELECT pg_catalog.set_config(s.name, s.setting, true)
  FROM (VALUES ('search_path', ''),
               ('quote_all_identifiers', 'off'),
               ('datestyle', 'ISO, YMD'),
               ('intervalstyle', 'postgres'),
               ('timezone', 'UTC'),
               ('bytea_output', 'hex'),
               ('extra_float_digits', '1'),
               ('standard_conforming_strings', 'on'),
               ('jit', 'off'),
               ('max_parallel_workers_per_gather', '0'),
               ('lock_timeout', %(lock_timeout_ms)s),
               ('statement_timeout', %(statement_timeout_ms)s)) AS s (name, setting)
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading leaves out, and how long it may take."""

    leave_out: tuple[tuple[str, str], ...] = ()
    lock_timeout_ms: int = 5000
    statement_timeout_ms: int = 60_000
    unreadable: frozenset[str] = frozenset()
    """Names of queries that the role may not run."""


@contextmanager
def run_queries(
    connection: psycopg.Connection[Any], reading: Reading
) -> Iterator[dict[str, psycopg.Cursor[tuple[Any, ...]]]]:
    """A cursor for each query, within one snapshot; its rows may still be on the way."""
    with connection.transaction(force_rollback=True):
        setup = connection.cursor(row_factory=dict_row)
        setup.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        setup.execute(
            _SETTINGS,
            {
                "lock_timeout_ms": str(reading.lock_timeout_ms),
                "statement_timeout_ms": str(reading.statement_timeout_ms),
            },
        )
        setup.execute(
            files(__package__).joinpath("scope.sql").read_bytes(),
            {
                "version_schemas": [schema for schema, _ in reading.leave_out],
                "version_names": [name for _, name in reading.leave_out],
            },
        )
        scope = setup.fetchone()
        failure: psycopg.Error | None = None
        # The server works on one query while the rows of the last are taken in.
        with connection.pipeline() as pipeline:
            try:
                yield {
                    query: connection.cursor(row_factory=tuple_row).execute(
                        statement, scope, prepare=False
                    )
                    for query, statement in queries(_major(connection)).items()
                    if query not in reading.unreadable
                }
            except psycopg.Error as error:
                # It goes on below: psycopg logs a warning where one leaves a pipeline.
                failure = error
                with suppress(psycopg.Error):  # the queries behind the one that failed
                    pipeline.sync()
        if failure is not None:
            raise failure


def _major(connection: psycopg.Connection[Any]) -> int:
    return connection.info.server_version // 10_000


def _refused(connection: psycopg.Connection[Any], reading: Reading) -> frozenset[str]:
    """The names of the queries that the role lacks a right for."""
    nothing = {
        "schemas": "{}",
        "version_tables": "{}",
        "left_out_relations": "{}",
        "left_out_types": "{}",
        "left_out_functions": "{}",
    }
    refused = set()
    for query, statement in queries(_major(connection)).items():
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(b"EXPLAIN " + statement, nothing, prepare=False)
        except errors.InsufficientPrivilege:
            refused.add(query)
    return frozenset(refused) | reading.unreadable


@cache
def queries(major: int) -> dict[str, bytes]:
    """The queries for servers of `major`, each behind its name."""
    newest: dict[str, tuple[int, bytes]] = {}
    for file in files(__package__).iterdir():
        name, _, rest = file.name.partition(".")
        since = int(rest.removesuffix(".sql")) if rest[:1].isdigit() else 0
        if rest.endswith("sql") and name != "scope" and since <= major:
            newest[name] = max(newest.get(name, (-1, b"")), (since, file.read_bytes()))
    return {name: statement for name, (_, statement) in sorted(newest.items())}


BATCH_ROWS = 2000
TEXT_ARRAY = 1009
"""The type of what holds options, by its oid."""


def _assemble(
    cursor: psycopg.Cursor[tuple[Any, ...]], server_version: int
) -> Iterator[CatalogObject]:
    rows = cursor.fetchmany(BATCH_ROWS)  # before this, the columns are not known
    columns = [column.name for column in cursor.description or ()]
    first = 3 if columns[2:3] == ["definition"] else 2
    names = columns[first:]
    lists = [
        position
        for position, column in enumerate((cursor.description or ())[first:])
        if column.type_code == TEXT_ARRAY
    ]
    # Most columns have one of a few types and nothing else: equal properties are one tuple.
    known: dict[tuple[str | None, ...], tuple[tuple[str, str], ...]] = {}
    kinds: dict[str, tuple[str, bool]] = {}
    while rows:
        for row in rows:
            values = row[first:]
            if lists and any(values[position] is not None for position in lists):
                values = tuple(
                    join_options(value) if isinstance(value, list) else value for value in values
                )
            properties = known.get(values)
            if properties is None:
                pairs = zip(names, values, strict=True)
                properties = tuple(sorted(pair for pair in pairs if pair[1] is not None))
                known[values] = properties
            kind, cosmetic = kinds.setdefault(row[0], (row[0], row[0] in COSMETIC_KINDS))
            definition = row[2] if first == 3 else ""
            if row[1] is None or definition is None:
                raise _ObjectGone(f"a {kind} is gone")
            found = CatalogObject(kind, row[1], definition, properties, cosmetic)
            yield settle(found, server_version) if server_version < NEWEST_SPELLING else found
        rows = cursor.fetchmany(BATCH_ROWS)
