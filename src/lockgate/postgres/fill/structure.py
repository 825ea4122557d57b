"""Reads what made-up rows have to meet, from the scratch database itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import psycopg
from psycopg.rows import dict_row

from lockgate.core.made_up import Column, ForeignKey, Named, Table, Unique

Row = Mapping[str, Any]  # Any: one row of a query, each column of its own type


def read_tables(connection: psycopg.Connection[Any]) -> tuple[Table, ...]:
    """Every table of the database that holds rows itself, by name."""
    columns = _by_table(connection, "columns.sql")
    constraints = _by_table(connection, "constraints.sql")
    uniques = _by_table(connection, "uniques.sql")
    return tuple(
        _table(row, columns[row["oid"]], constraints[row["oid"]], uniques[row["oid"]])
        for row in _rows(connection, "tables.sql")
    )


def with_later(tables: Iterable[Table], later: Iterable[Table]) -> tuple[Table, ...]:
    """`tables` with what those of the same name have to meet `later`, as far as it can be met now.

    So that a constraint which a revision adds finds rows that it holds for.
    """
    now = {table.name: table for table in tables}
    coming = {table.name: table for table in later}
    return tuple(_stricter(table, coming.get(table.name, table), now) for table in now.values())


def _stricter(table: Table, later: Table, now: Mapping[str, Table]) -> Table:
    names = {column.name for column in table.columns}
    keys = {name: {column.name for column in other.columns} for name, other in now.items()}
    foreign_keys = [
        foreign
        for foreign in later.foreign_keys
        if set(foreign.columns) <= names
        and set(foreign.keys) <= keys.get(foreign.referenced, set())
    ]
    checks = [check for check in later.checks if check.columns and set(check.columns) <= names]
    uniques = [unique for unique in later.uniques if set(unique.columns) <= names]
    required = {column.name for column in later.columns if column.not_null}
    return replace(
        table,
        columns=tuple(
            replace(column, not_null=column.not_null or column.name in required)
            for column in table.columns
        ),
        foreign_keys=tuple(dict.fromkeys((*table.foreign_keys, *foreign_keys))),
        checks=tuple(dict.fromkeys((*table.checks, *checks))),
        uniques=tuple(dict.fromkeys((*table.uniques, *uniques))),
    )


def _table(
    row: Row, columns: Iterable[Row], constraints: Iterable[Row], uniques: Iterable[Row]
) -> Table:
    made = tuple(_column(column) for column in columns)
    checks = [
        Named(c["name"], c["expression"], tuple(c["columns"]))
        for c in constraints
        if c["kind"] == "c"
    ]
    if row["bounds"]:
        # Of what they name, only the columns that are in the table can be asked anyway.
        checks.append(Named("the bounds of the partition", row["bounds"], ()))
    return Table(
        name=row["name"],
        columns=made,
        uniques=tuple(Unique(u["name"], tuple(u["columns"]), u["plain"]) for u in uniques),
        foreign_keys=tuple(
            ForeignKey(tuple(c["columns"]), c["referenced"], tuple(c["keys"]))
            for c in constraints
            if c["kind"] == "f"
        ),
        checks=tuple(checks),
        excludes=row["excludes"],
        parents=tuple(row["parents"]),
    )


def _column(row: Row) -> Column:
    return Column(
        name=row["name"],
        type=row["type"],
        base=row["base"],
        category=row["category"],
        not_null=row["not_null"],
        length=row["length"],
        scale=row["scale"],
        element=row["element"],
        element_type=row["element_type"],
        labels=tuple(row["labels"]),
        has_default=row["has_default"],
        rules=tuple(row["rules"]),
    )


def _by_table(connection: psycopg.Connection[Any], name: str) -> defaultdict[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in _rows(connection, name):
        found[row["table"]].append(row)
    return found


def _rows(connection: psycopg.Connection[Any], name: str) -> list[Row]:
    return list(connection.cursor(row_factory=dict_row).execute(_text(name), prepare=False))


@cache
def _text(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()
