"""Reads TargetStatistics on a connection that the caller has opened and checked.

Nothing here reads a row of anybody's table: sizes come from the file system, all the rest from
what VACUUM, ANALYZE and the statistics collector have noted. Any role may ask; what it may not
see is said in `missing`.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

import psycopg
from psycopg import errors, sql
from psycopg.rows import dict_row

from lockgate.core.target import (
    ApplicationStatement,
    ColumnStatistics,
    IndexStatistics,
    Reference,
    RelationStatistics,
    ServerSettings,
    TargetStatistics,
    Traffic,
)
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.health import replicas

COUNTED = ("inserts", "updates", "deletes", "sequential_scans", "index_scans")
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 1_000


@dataclass(eq=False)
class StatisticsUnreadable(LockgateError):
    """The server did not give its statistics in time, or refused them."""

    reason: str

    code: ClassVar[str] = "LG-STAT-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """The server's words."""
        return f'the statistics of the target cannot be read: "{self.reason}"'

    @property
    def hint(self) -> str:
        """The usual causes."""
        return "run the command again when the server is less busy"


Row = Mapping[str, Any]  # Any: one row of a query, each column of its own type


def read_statistics(
    connection: psycopg.Connection[Any],  # Any: the caller's row factory
    *,
    details_of: Collection[str] | None = None,
    disk_bytes: int | None = None,
    second_reading_after_s: float = 0,
    sleep: Callable[[float], None] = time.sleep,
) -> TargetStatistics:
    """How large and how busy the database is that `connection`, in no transaction, is on.

    Columns and indexes are read for the tables in `details_of` and their partitions, for all
    where None. `disk_bytes` is how large the server's volume is. With a second reading, Traffic is
    what happened between the two; without, what happened since the server counts. A server hands
    counts on up to a second late, so less than 3 s between the readings show little.

    Raises StatisticsUnreadable.
    """
    try:
        return _read(connection, details_of, disk_bytes, second_reading_after_s, sleep)
    except psycopg.DatabaseError as error:
        raise StatisticsUnreadable(error.diag.message_primary or type(error).__name__) from error


def _read(
    connection: psycopg.Connection[Any],
    details_of: Collection[str] | None,
    disk_bytes: int | None,
    second_reading_after_s: float,
    sleep: Callable[[float], None],
) -> TargetStatistics:
    with connection.transaction(force_rollback=True):
        _only_read(connection)
        database = _one(connection, "database.sql")
        relations = _sized(connection, "relations.sql", {})
        tables = _detailed(relations, details_of)
        indexes = _sized(connection, "indexes.sql", {"tables": tables})
        columns = _all(connection, "columns.sql", {"tables": tables})
        settings = ServerSettings(**_one(connection, "settings.sql"))
        statements, statements_seconds = _statements(connection, database)
        views = _all(connection, "views.sql", None) if statements else ()
        references = _all(connection, "references.sql", None) if statements else ()
        followers = replicas(connection)
        disk = None if disk_bytes is None else _disk(connection, disk_bytes, settings)
    window = _window(database)
    if second_reading_after_s:
        began = time.monotonic()
        sleep(second_reading_after_s)
        with connection.transaction(force_rollback=True):
            _only_read(connection)
            again = _sized(connection, "relations.sql", {})
        elapsed = time.monotonic() - began
        window = _Window(elapsed, f"within {elapsed:.0f} s just now")
        relations = _between(relations, again)
    return TargetStatistics(
        server_version=connection.info.server_version,
        read_at=database["read_at"],
        relations=_relations(relations, indexes, columns, window.seconds),
        settings=settings,
        counted_seconds=window.seconds,
        counted_since=window.since,
        oldest_transaction_ms=database["oldest_ms"],
        replicas=followers,
        statements=statements,
        statements_seconds=statements_seconds,
        views=tuple((row["view"], row["relation"]) for row in views),
        references=tuple(
            Reference(
                row["table"],
                tuple(row["columns"]),
                row["referenced"],
                tuple(row["keys"]),
                row["cascades"],
            )
            for row in references
        ),
        database_bytes=database["bytes"],
        free_disk_bytes=None if disk is None else disk.free_bytes,
        missing=_missing(database, statements, columns, disk),
    )


def _only_read(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    connection.execute(
        "SELECT pg_catalog.set_config('search_path', '', true),"
        " pg_catalog.set_config('jit', 'off', true),"
        " pg_catalog.set_config('lock_timeout', %s, true),"
        " pg_catalog.set_config('statement_timeout', %s, true)",
        (str(LOCK_TIMEOUT_MS), str(STATEMENT_TIMEOUT_MS)),
    )


def _sized(connection: psycopg.Connection[Any], name: str, parameters: Row) -> list[Row]:
    """Rows of a query that asks for sizes, from the last VACUUM where a table is locked."""
    try:
        with connection.transaction():
            return _all(connection, name, {**parameters, "sizes": True})
    except (errors.LockNotAvailable, errors.UndefinedTable):
        return _all(connection, name, {**parameters, "sizes": False})


def _all(connection: psycopg.Connection[Any], name: str, parameters: Row | None) -> list[Row]:
    cursor = connection.cursor(row_factory=dict_row)
    return list(cursor.execute(_text(name), parameters, prepare=False))


def _one(connection: psycopg.Connection[Any], name: str) -> Row:
    (row,) = _all(connection, name, {})
    return row


@cache
def _text(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()


def _detailed(relations: Iterable[Row], names: Collection[str] | None) -> list[int]:
    if names is None:
        return [row["oid"] for row in relations]
    wanted = set(names)
    rows = list(relations)
    while more := {r["name"] for r in rows if r["parent"] in wanted} - wanted:
        wanted |= more
    return [row["oid"] for row in rows if row["name"] in wanted]


@dataclass(frozen=True, slots=True)
class _Window:
    """How long the server has counted, and since when in words."""

    seconds: float | None
    since: str


def _window(database: Row) -> _Window:
    if database["counted_seconds"]:
        return _Window(database["counted_seconds"], "since its counters were last reset")
    # Never reset, they are as old as the database; a clean restart keeps them.
    return _Window(database["up_seconds"], "since the server started, or longer")


def _between(before: Iterable[Row], after: Iterable[Row]) -> list[Row]:
    """The rows of `after` with what was counted since `before`."""
    counts = {row["oid"]: row for row in before}
    changed: list[Row] = []
    for row in after:
        first = counts.get(row["oid"], {})
        grown = {
            name: None if row[name] is None else max(row[name] - (first.get(name) or 0), 0)
            for name in COUNTED
        }
        changed.append({**row, **grown})
    return changed


def _relations(
    relations: Iterable[Row], indexes: Iterable[Row], columns: Iterable[Row], seconds: float | None
) -> tuple[RelationStatistics, ...]:
    columns_of, indexes_of = defaultdict(list), defaultdict(list)
    for row in columns:
        columns_of[row["table"]].append(row)
    for row in indexes:
        indexes_of[row["table"]].append(row)
    found = {
        row["name"]: _relation(row, indexes_of[row["oid"]], columns_of[row["oid"]], seconds)
        for row in relations
    }
    # The leaves first: a partition may be partitioned itself.
    for name in sorted(found, key=lambda n: -_depth(found, n)):
        one = found[name]
        if one.parent is not None and one.parent in found:
            found[one.parent] = _with(found[one.parent], one)
    return tuple(found.values())


def _depth(found: Mapping[str, RelationStatistics], name: str) -> int:
    parent = found[name].parent
    return 0 if parent is None or parent not in found else 1 + _depth(found, parent)


def _with(parent: RelationStatistics, part: RelationStatistics) -> RelationStatistics:
    """`parent` with what `part` adds to its sums."""
    ours, theirs = parent.traffic, part.traffic
    rates = {
        name: (getattr(ours, name) or 0) + (getattr(theirs, name) or 0)
        for name in COUNTED
        if (getattr(ours, name), getattr(theirs, name)) != (None, None)
    }
    return replace(
        parent,
        rows=parent.rows + part.rows,
        analyzed=parent.analyzed and part.analyzed,
        heap_bytes=parent.heap_bytes + part.heap_bytes,
        toast_bytes=parent.toast_bytes + part.toast_bytes,
        dead_rows=parent.dead_rows + part.dead_rows,
        sessions=max(parent.sessions, part.sessions),
        traffic=replace(ours, **rates),
    )


def _relation(
    row: Row, indexes: Iterable[Row], columns: Iterable[Row], seconds: float | None
) -> RelationStatistics:
    columns = list(columns)
    widths = {c["name"]: c["width"] or c["fixed_width"] for c in columns}
    per_second = {name: _rate(row[name], seconds) for name in COUNTED}
    return RelationStatistics(
        name=row["name"],
        kind=row["kind"],
        rows=row["rows"],
        analyzed=row["analyzed"],
        heap_bytes=row["heap_bytes"],
        toast_bytes=row["toast_bytes"],
        indexes=tuple(_index(index, widths, seconds) for index in indexes),
        columns=tuple(
            ColumnStatistics(
                name=c["name"],
                width=c["width"],
                null_fraction=c["null_fraction"],
                distinct=c["distinct"],
                correlation=c["correlation"],
                common=tuple(c["common"]),
            )
            for c in columns
            if c["width"] is not None
        ),
        unreadable=tuple(c["name"] for c in columns if not c["readable"]),
        column_names=frozenset(c["name"] for c in columns) if columns else None,
        dead_rows=row["dead_rows"],
        all_visible=row["all_visible"],
        fillfactor=row["fillfactor"],
        parent=row["parent"],
        sessions=row["sessions"],
        traffic=Traffic(**per_second),
    )


def _index(row: Row, widths: Mapping[str, int | None], seconds: float | None) -> IndexStatistics:
    keys = [widths.get(key) for key in row["keys"]]
    known = [width for width in keys if width is not None]
    return IndexStatistics(
        name=row["name"],
        method=row["method"],
        bytes=row["bytes"],
        key_width=sum(known) if known and len(known) == len(keys) else None,
        unique=row["unique"],
        valid=row["valid"],
        partial=row["partial"],
        scans=_rate(row["scans"], seconds),
    )


def _rate(count: int | None, seconds: float | None) -> float | None:
    return None if count is None or not seconds else count / seconds


def _statements(
    connection: psycopg.Connection[Any], database: Row
) -> tuple[tuple[ApplicationStatement, ...] | None, float | None]:
    """What pg_stat_statements has kept, None where it is not there or not loaded; for how long."""
    if database["statements_schema"] is None:
        return None, None
    # Quoted by the server itself.
    schema = sql.SQL(database["statements_schema"])
    try:
        with connection.transaction():
            rows = connection.cursor(row_factory=dict_row).execute(
                sql.SQL(_text("statements.sql").decode()).format(schema=schema)
            )
            found = list(rows)
    except (
        errors.ObjectNotInPrerequisiteState,  # the library is not loaded
        errors.InsufficientPrivilege,
        errors.UndefinedColumn,  # the extension is older than the server, and was never updated
    ):
        return None, None
    seconds: float | None = None
    # Not there before the extension's version 1.9, whatever the server's.
    with suppress(errors.UndefinedTable, errors.InsufficientPrivilege), connection.transaction():
        text = sql.SQL(_text("statements_since.sql").decode()).format(schema=schema)
        row = connection.cursor(row_factory=dict_row).execute(text).fetchone()
        seconds = None if row is None else row["seconds"]
    kept = tuple(
        ApplicationStatement(
            row["query"],
            row["calls"],
            _rate(row["calls"], _counted(row["seconds"], seconds)),
            row["mean_exec_time"],
            row["search_path"],
            row["role"],
        )
        for row in found
    )
    return kept, seconds


SHORTEST_COUNT_S = 60.0
"""A statement that came up a moment ago is not taken to come as often from now on."""


def _counted(own: float | None, seconds: float | None) -> float | None:
    """For how long one statement was counted: not since the reset, where it came up later."""
    if own is None or seconds is None:
        return seconds
    return min(max(own, SHORTEST_COUNT_S), seconds)


def _missing(
    database: Row,
    statements: tuple[ApplicationStatement, ...] | None,
    columns: Iterable[Row],
    disk: _Disk | None,
) -> tuple[str, ...]:
    """What this role or this server does not show, a phrase each."""
    phrases = []
    if not database["sees_all"]:
        phrases.append(
            "transactions and statements of other roles, and replicas: grant pg_read_all_stats"
        )
    schema = database["statements_schema"]
    if schema is None:
        phrases.append("the application's statements: pg_stat_statements is not there")
    elif statements is None and database["sees_all"]:
        phrases.append(
            "the application's statements: pg_stat_statements is not loaded, is older than the "
            f"server, or in schema {schema}, on which this role needs USAGE"
        )
    hidden = sum(not column["readable"] for column in columns)
    if hidden:
        phrases.append(f"the statistics of {hidden} columns that this role may not read")
    if disk is None:
        phrases.append("free disk space: PostgreSQL does not tell, give disk in the settings")
    elif disk.unreadable:
        phrases.append(f"the size of {disk.unreadable} databases that this role may not enter")
    return tuple(phrases)


@dataclass(frozen=True, slots=True)
class _Disk:
    """What is left of a volume, and of how many databases the size is not known."""

    free_bytes: int
    unreadable: int


def _disk(connection: psycopg.Connection[Any], size: int, settings: ServerSettings) -> _Disk:
    """What databases and WAL leave; WAL that this role may not see counts as large as it gets."""
    row = _one(connection, "disk.sql")
    wal = settings.max_wal_size_bytes
    if row["sees_wal"]:
        asked = "SELECT coalesce(sum(size), 0)::bigint AS bytes FROM pg_catalog.pg_ls_waldir()"
        found = connection.cursor(row_factory=dict_row).execute(asked).fetchone()
        wal = wal if found is None else found["bytes"]
    return _Disk(max(size - row["bytes"] - wal, 0), row["unreadable"])
