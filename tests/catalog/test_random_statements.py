"""Statements between random structures over the same few names."""

from __future__ import annotations

import os
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockgate.core.catalog import diff
from lockgate.core.ddl import statements
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.scripts import run_script
from lockgate.postgres.servers import Server, create_database
from tests.catalog.conftest import read, run
from tests.catalog.test_truth import structural

EXAMPLES = int(os.environ.get("LOCKGATE_TEST_EXAMPLES", "12"))

TYPES = ("int", "bigint", "text", "date", "e", "d", "e[]")
DEFAULTS = {
    "int": ("1", "f(2)"),
    "bigint": ("f(1)", "3"),
    "text": ("'x'", "'a'::e::text"),
    "date": ("now()",),
    "e": ("'a'", "'b'"),
    "d": ("'1'",),
    "e[]": ("'{a}'",),
}


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    default: str | None
    not_null: bool


@st.composite
def columns(draw: st.DrawFn) -> tuple[Column, ...]:
    names = draw(st.lists(st.sampled_from("abcx"), min_size=1, max_size=4, unique=True))
    found = []
    for name in names:
        type_ = draw(st.sampled_from(TYPES))
        default = draw(st.none() | st.sampled_from(DEFAULTS[type_]))
        found.append(Column(name, type_, default, draw(st.booleans())))
    return tuple(found)


@st.composite
def structures(draw: st.DrawFn) -> str:
    """SQL that makes a structure of tables, types, functions and views that hang together."""
    labels = ["'a'", "'b'", *draw(st.lists(st.sampled_from(["'c'", "'d'"]), unique=True))]
    sql = [f"CREATE TYPE e AS ENUM ({', '.join(draw(st.permutations(labels)))})"]
    check = draw(st.sampled_from(["", "CHECK (VALUE <> 'z')", "CONSTRAINT k CHECK (VALUE <> '')"]))
    sql.append(f"CREATE DOMAIN d AS {draw(st.sampled_from(['text', 'varchar(9)']))} {check}")
    body = draw(st.sampled_from(["SELECT 1", "SELECT 2"]))
    argument = draw(st.sampled_from(["", "i "]))
    sql.append(f"CREATE FUNCTION f({argument}int) RETURNS int LANGUAGE sql IMMUTABLE AS '{body}'")
    for table in draw(st.sampled_from([("t",), ("t", "u"), ("u",)])):
        sql += draw(tables(table))
    if draw(st.booleans()):
        sql.append("CREATE VIEW fixed AS SELECT f(1) AS one, 'a'::e AS label")
    return ";\n".join(sql)


@st.composite
def tables(draw: st.DrawFn, table: str) -> list[str]:
    found = draw(columns())
    parts = []
    for column in found:
        default = f" DEFAULT {column.default}" if column.default else ""
        not_null = " NOT NULL" if column.not_null else ""
        parts.append(f"{column.name} {column.type}{default}{not_null}")
    numbers = [one.name for one in found if one.type in ("int", "bigint")]
    if draw(st.booleans()) and numbers:
        kept = draw(st.sampled_from(numbers))
        parts.append(f"g bigint GENERATED ALWAYS AS ({kept} + 1) STORED")
    first = found[0].name
    kind = draw(st.sampled_from(["PRIMARY KEY", "UNIQUE", ""]))
    parts += [f"{kind} ({first})"] if kind else []
    if kind and draw(st.booleans()):
        parts.append(f"again {found[0].type} REFERENCES {table} ({first})")
    sql = [f"CREATE {draw(st.sampled_from(['', 'UNLOGGED ']))}TABLE {table} ({', '.join(parts)})"]
    for column in found:
        where = f" WHERE {column.name} = 'a'" if column.type == "e" else ""
        if draw(st.booleans()):
            sql.append(f"CREATE INDEX i_{table}_{column.name} ON {table} ({column.name}){where}")
    shown = draw(st.lists(st.sampled_from(found), min_size=1, unique=True))
    if draw(st.booleans()):
        listed = ", ".join(column.name for column in shown)
        kind = draw(st.sampled_from(["VIEW", "MATERIALIZED VIEW"]))
        sql.append(f"CREATE {kind} v_{table} AS SELECT {listed} FROM {table}")
        sql.append(f"CREATE VIEW w_{table} AS SELECT {shown[0].name} AS z FROM v_{table}")
    if draw(st.booleans()):
        sql.append(f"CREATE POLICY p ON {table} USING ({first} IS NOT NULL)")
    return sql


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(one=structures(), other=structures())
def test_any_structure_leads_to_any_other(server: Server, one: str, other: str) -> None:
    urls = _databases(server)
    for url, sql in zip(urls, (one, other), strict=True):
        run(url, f"DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA s; SET search_path = s;\n{sql}")
    start, end = read(urls[0]), read(urls[1])

    script = statements(start, end)
    run_script(urls[0], script)

    assert () == script.unsettled
    assert [] == structural(diff(read(urls[0]), end))


_MADE: dict[DatabaseUrl, tuple[DatabaseUrl, DatabaseUrl]] = {}


def _databases(server: Server) -> tuple[DatabaseUrl, DatabaseUrl]:
    """Two databases for all examples."""
    if server.url not in _MADE:
        names = ("random_start", "random_end")
        one, other = (create_database(server.url, name) for name in names)
        _MADE[server.url] = one, other
    return _MADE[server.url]
