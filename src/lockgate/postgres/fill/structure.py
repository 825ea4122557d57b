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

from lockgate.core.made_up import Column, ForeignKey, Named, Table, TypeKind, Unique

Row = Mapping[str, Any]  # Any: one row of a query, each column of its own type


def read_tables(connection: psycopg.Connection[Any]) -> tuple[Table, ...]:
    """Every table of the database that holds rows itself, by name."""
    columns = _by_table(connection, "columns.sql")
    types = {row["oid"]: row for row in _rows(connection, "types.sql")}
    constraints = _by_table(connection, "constraints.sql")
    uniques = _by_table(connection, "uniques.sql")
    return tuple(
        _table(row, columns[row["oid"]], types, constraints[row["oid"]], uniques[row["oid"]])
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
    row: Row,
    columns: Iterable[Row],
    types: Mapping[int, Row],
    constraints: Iterable[Row],
    uniques: Iterable[Row],
) -> Table:
    made = tuple(
        replace(
            _typed(types, c["type_oid"], c["modifier"], c["name"], not_null=c["not_null"]),
            type=c["type"],
            has_default=c["has_default"],
        )
        for c in columns
    )
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


def _typed(
    types: Mapping[int, Row], oid: int, modifier: int, name: str, *, not_null: bool = False
) -> Column:
    """A column, or a part of one, of the type `oid`; a domain's is the one below it."""
    row = types[oid]
    declared, rules = row["type"], list(row["rules"])
    while row["kind"] == "d":
        not_null = not_null or row["not_null"]
        modifier = modifier if row["modifier"] < 0 else row["modifier"]
        row = types[row["below"]]
        rules += row["rules"]
    kind = TypeKind.ARRAY if row["element"] else _KINDS.get(row["kind"], TypeKind.BASE)
    inside = [(oid, -1, name) for oid in (row["element"], row["over"], row["range"]) if oid]
    inside += zip(row["types"], row["modifiers"], row["names"], strict=True)
    if row["element"] and modifier >= 0:
        inside = [(row["element"], modifier, name)]
    length, scale = _length(row["name"], modifier)
    return Column(
        name=name,
        type=declared,
        base=row["name"],
        base_type=row["type"],
        kind=kind,
        not_null=not_null,
        length=length,
        scale=scale,
        parts=tuple(_typed(types, *part) for part in inside),
        labels=tuple(row["labels"]),
        rules=tuple(rules),
    )


_KINDS = {kind.value: kind for kind in TypeKind}


def _length(base: str, modifier: int) -> tuple[int | None, int | None]:
    """The number in `varchar(20)`; the precision and the scale of a numeric."""
    if base in ("bit", "varbit") and modifier >= 0:
        return modifier, None
    if modifier < 4 or base not in ("varchar", "bpchar", "numeric"):
        return None, None
    if base == "numeric":
        return ((modifier - 4) >> 16) & 65_535, (modifier - 4) & 2_047
    return modifier - 4, None


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
