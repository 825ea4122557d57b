"""Makes up rows on the server itself, table by table, those that others refer to first.

A table that cannot be filled is told with its reason, and all others are filled. No value comes
from the target: what is read of it is `core.target`'s TargetStatistics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import psycopg
from psycopg.rows import dict_row

from lockgate.core.filled import Filled, FilledTable
from lockgate.core.made_up import Filling, ForeignKey, Table, fill_sql
from lockgate.core.made_up.rows import Keys
from lockgate.core.sql.trees import quote_identifier
from lockgate.core.target import RelationStatistics, TargetStatistics
from lockgate.postgres.fill.structure import read_tables, with_later

LEAST_SHARE = 0.8
"""Of the rows that were asked for: below it, a table is told as filled in part."""
MOST_TRIES = 20
"""How many rows are made up at most for one that meets the constraints."""


def fill(
    connection: psycopg.Connection[Any],  # Any: the caller's row factory
    target: TargetStatistics,
    fraction: float,
    *,
    later: Iterable[Table] = (),
    working: Callable[[str], None] = lambda _: None,
) -> Filled:
    """Fills the tables of the database on `connection` with `fraction` of the target's rows.

    `connection` is in autocommit mode. Triggers do not fire. `later` are the tables as they will
    be: the rows meet their constraints too. A table that has rows keeps them and gets no others,
    such as the version table; one that the target's statistics do not know stays empty.
    """
    tables = with_later((t for t in read_tables(connection) if _is_empty(connection, t)), later)
    _without_triggers(connection, tables)
    done: dict[str, FilledTable] = {}
    circles: list[tuple[Table, ForeignKey]] = []
    for table in _in_order(tables):
        statistics = target.relation(table.name)
        asked = math.ceil(statistics.rows * fraction) if statistics else 0
        if not asked:
            done[table.name] = FilledTable(table.name, 0, 0)
            continue
        working(f"making up {asked:,} rows of {table.name}")
        later_ones = _pointed_later(table, tables, done)
        done[table.name] = _fill_table(connection, table, statistics, asked, later_ones)
        circles += [(table, foreign) for foreign in later_ones if done[table.name].rows]
    for table, foreign in circles:
        done[table.name] = _close(connection, table, foreign, done[table.name])
    for (setval,) in connection.execute(_text("sequences.sql")).fetchall():
        connection.execute(setval.encode(), prepare=False)
    working("analyzing the made-up rows")
    connection.execute("VACUUM (ANALYZE)")
    return Filled(tuple(done[table.name] for table in tables), _carry_over(connection, target))


def _is_empty(connection: psycopg.Connection[Any], table: Table) -> bool:
    asked = connection.execute(f"SELECT FROM {table.name} LIMIT 1".encode(), prepare=False)
    return asked.fetchone() is None


def _without_triggers(connection: psycopg.Connection[Any], tables: Sequence[Table]) -> None:
    """Neither triggers nor foreign keys are asked: the rows are made to meet the latter."""
    try:
        connection.execute(
            "SELECT pg_catalog.set_config('session_replication_role', 'replica', false)"
        )
    except psycopg.errors.InsufficientPrivilege:
        for table in tables:
            connection.execute(f"ALTER TABLE {table.name} DISABLE TRIGGER USER".encode())


def _in_order(tables: Sequence[Table]) -> list[Table]:
    """Tables after those that they refer to; a circle is cut where a reference may be NULL."""
    left = {table.name: table for table in tables}
    holders = _holders(tables)
    ordered: list[Table] = []
    while left:
        ready = [t for t in left.values() if not _waits_for(t, left, holders, all_of_them=True)]
        if not ready:
            needy = (t for t in left.values() if _waits_for(t, left, holders, all_of_them=False))
            stuck = {table.name for table in needy}
            # The first without a reference that has to be there, or just the first.
            ready = [
                next((t for t in left.values() if t.name not in stuck), next(iter(left.values())))
            ]
        ordered += [left.pop(table.name) for table in ready]
    return ordered


def _holders(tables: Sequence[Table]) -> Mapping[str, set[str]]:
    """The tables that hold the rows of each; of a partitioned one, its partitions."""
    found: dict[str, set[str]] = {}
    for table in tables:
        for name in (table.name, *table.parents):
            found.setdefault(name, set()).add(table.name)
    return found


def _waits_for(
    table: Table,
    left: Mapping[str, Table],
    holders: Mapping[str, set[str]],
    *,
    all_of_them: bool,
) -> bool:
    """Whether it refers to a table that is not filled; or has to, if not `all_of_them` count."""
    for foreign in table.foreign_keys:
        columns = [table.column(name) for name in foreign.columns]
        must = all(column is None or column.not_null for column in columns)
        if (must or all_of_them) and any(
            name in left and name != table.name for name in holders.get(foreign.referenced, ())
        ):
            return True
    return False


def _fill_table(
    connection: psycopg.Connection[Any],
    table: Table,
    statistics: RelationStatistics | None,
    asked: int,
    pointed_later: Collection[ForeignKey],
) -> FilledTable:
    try:
        keys = {
            foreign: _keys_of(connection, foreign, number)
            for number, foreign in enumerate(table.foreign_keys, start=1)
            if foreign.referenced != table.name
        }
        filling = fill_sql(table, statistics, asked, keys, pointed_later=pointed_later)
        if filling.problem is not None:
            return FilledTable(table.name, asked, 0, filling.problem)
        rows = _execute(connection, filling)
        if rows < filling.rows and filling.filtered:
            # As many more as the first try says, should most be turned away.
            tries = min(filling.rows / rows * 1.2 if rows else MOST_TRIES, MOST_TRIES)
            spare = math.ceil(filling.rows * (tries - 1))
            connection.execute(f"TRUNCATE {table.name} CASCADE".encode())
            more = fill_sql(
                table, statistics, asked, keys, spare=spare, pointed_later=pointed_later
            )
            rows = _execute(connection, more)
        for foreign in table.foreign_keys:
            if foreign.referenced == table.name:
                _cut_loose(connection, table, foreign)
    except psycopg.errors.DiskFull:
        full = "scratch has no room for its rows: give a smaller --rows, or another scratch.url"
        return FilledTable(table.name, asked, 0, full)
    except psycopg.Error as error:
        reason = error.diag.message_primary or str(error)
        # The server's words quote the row, which is made up.
        return FilledTable(table.name, asked, 0, f"the server refused its rows: {reason}")
    problem = None
    if rows < LEAST_SHARE * asked:
        checks = ", ".join(check.name for check in table.checks) or "its unique indexes"
        problem = f"only {rows:,} of {asked:,} rows meet its constraints: {checks}"
        if filling.rows < LEAST_SHARE * asked:
            problem = f"only {rows:,} of {asked:,} rows: {'; '.join(filling.notes)}"
    return FilledTable(table.name, asked, rows, problem, filling.notes)


def _pointed_later(
    table: Table, tables: Sequence[Table], done: Mapping[str, FilledTable]
) -> tuple[ForeignKey, ...]:
    """The references that have to be there and close a circle: their rows are not there yet."""
    holders = _holders(tables)
    found = []
    for foreign in table.foreign_keys:
        columns = [table.column(name) for name in foreign.columns]
        must = all(column is None or column.not_null for column in columns)
        of = holders.get(foreign.referenced, set()) - {table.name}
        if must and of and not of & set(done):
            found.append(foreign)
    return tuple(found)


def _close(
    connection: psycopg.Connection[Any], table: Table, foreign: ForeignKey, filled: FilledTable
) -> FilledTable:
    """Points the rows of `table` to those of a table that was filled after it."""
    theirs = _keys_of(connection, foreign, 1)
    empty = f"DELETE FROM {table.name}"  # noqa: S608
    if not theirs.count:
        connection.execute(empty.encode(), prepare=False)
        problem = f"it needs rows of {foreign.referenced}, which has none here"
        return replace(filled, rows=0, problem=problem)
    pairs = zip(foreign.columns, foreign.keys, strict=True)
    setting = ", ".join(f"{quote_identifier(n)} = k.{quote_identifier(key)}" for n, key in pairs)
    ours = f"SELECT ctid, row_number() OVER () - 1 AS place FROM {table.name}"  # noqa: S608
    update = f"UPDATE {table.name} AS t SET {setting} FROM ({ours}) AS o"  # noqa: S608
    joined = f"JOIN {theirs.table} AS k ON k.lockgate_place = o.place % {theirs.count}"
    try:
        connection.execute(f"{update} {joined} WHERE o.ctid = t.ctid".encode(), prepare=False)
    except psycopg.Error as error:
        connection.execute(empty.encode(), prepare=False)
        reason = error.diag.message_primary or str(error)
        return replace(filled, rows=0, problem=f"the server refused its rows: {reason}")
    return filled


def _execute(connection: psycopg.Connection[Any], filling: Filling) -> int:
    return connection.execute(filling.sql.encode(), prepare=False).rowcount


def _cut_loose(connection: psycopg.Connection[Any], table: Table, foreign: ForeignKey) -> None:
    """Sets references to rows of the same table to NULL that its constraints turned away."""
    ours = ", ".join(f"t.{quote_identifier(name)}" for name in foreign.columns)
    theirs = ", ".join(f"o.{quote_identifier(key)}" for key in foreign.keys)
    nothing = ", ".join(f"{quote_identifier(name)} = NULL" for name in foreign.columns)
    row = f"SELECT FROM {table.name} AS o WHERE ({theirs}) = ({ours})"
    known = " AND ".join(f"t.{quote_identifier(name)} IS NOT NULL" for name in foreign.columns)
    update = f"UPDATE {table.name} AS t SET {nothing}"  # noqa: S608
    connection.execute(f"{update} WHERE {known} AND NOT EXISTS ({row})".encode(), prepare=False)


def _keys_of(connection: psycopg.Connection[Any], foreign: ForeignKey, number: int) -> Keys:
    """The keys that `foreign` may point to, numbered, in a temporary table."""
    name = f"pg_temp.lockgate_keys_{number}"
    columns = ", ".join(map(quote_identifier, foreign.keys))
    filled = " AND ".join(f"{quote_identifier(key)} IS NOT NULL" for key in foreign.keys)
    connection.execute(f"DROP TABLE IF EXISTS {name}".encode())
    numbered = f"SELECT row_number() OVER () - 1 AS lockgate_place, {columns}"
    made = connection.execute(
        f"CREATE TEMPORARY TABLE lockgate_keys_{number} AS {numbered}"
        f" FROM {foreign.referenced} WHERE {filled}".encode(),
        prepare=False,
    )
    connection.execute(f"ANALYZE {name}".encode())
    return Keys(name, max(made.rowcount, 0))


def _carry_over(connection: psycopg.Connection[Any], target: TargetStatistics) -> str:
    """Gives scratch's planner the target's own numbers, as far as the login may."""
    cursor = connection.cursor(row_factory=dict_row)
    there = {
        row["name"]
        for row in cursor.execute(
            "SELECT pg_catalog.format('%I.%I', schemaname, relname) AS name"
            " FROM pg_catalog.pg_stat_user_tables"
        )
    }
    has_function = connection.info.server_version >= 180_000
    suffix = "" if has_function else "_before_18"
    text, visible = _text(f"carry_over{suffix}.sql"), _text(f"visible{suffix}.sql")
    try:
        with connection.transaction():
            for relation in target.relations:
                if relation.name not in there or not relation.rows:
                    continue
                connection.execute(
                    visible, {"relation": relation.name, "share": relation.all_visible}
                )
                for column in relation.columns:
                    numbers = {"relation": relation.name, "column": column.name} | {
                        "null_fraction": column.null_fraction,
                        "width": column.width,
                        "distinct": column.distinct,
                        "correlation": column.correlation,
                    }
                    connection.execute(text, numbers)
    except psycopg.errors.InsufficientPrivilege:
        return "ANALYZE of the made-up rows: the login may not write the target's statistics"
    return (
        "the target's null fractions, widths, distinct values, order and visible pages; ANALYZE"
        " for the rest"
    )


@cache
def _text(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()
