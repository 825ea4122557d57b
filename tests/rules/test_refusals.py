"""What lint says that PostgreSQL refuses, held against what servers refuse.

The statements are in refusals.txt, each on a line of its own, below what exists before it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest

from lockgate.core.effects import Structure, structure_of
from lockgate.core.effects.extensions import BRING_NO_RELATION, EXTENSION_OF, EXTENSION_WITH
from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import UnitLinter, by_subject
from lockgate.core.refusals import follow, refusals
from lockgate.core.rule import Unit
from lockgate.core.script import read_script
from lockgate.core.sql.trees import parse
from lockgate.postgres.catalog.reader import read_catalog
from lockgate.postgres.servers import Server
from lockgate.workflows.linting import choose_rules
from tests.conftest import NewDatabase
from tools.lint_figures import corpora, held_out
from tools.lint_figures import structure_of as structure_after

CODES = {"LG056", "LG057", "LG058"}


@cache
def sections() -> dict[str, tuple[str, ...]]:
    text = Path(__file__).with_name("refusals.txt").read_text(encoding="utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for section in text.split("-- ")[1:]:
        title, _, lines = section.partition("\n")
        found[title] = tuple(lines.splitlines())
    return found


def told() -> Structure:
    return structure_after("\n".join(sections()["schema"]))


def said(structure: Structure, sql: str, version: int) -> bool:
    (parsed,) = parse(sql)
    return parsed.problem is None and bool(refusals(parsed, structure, version))


def answers(connection: psycopg.Connection) -> Iterator[tuple[str, bool]]:
    """Each statement, and whether the server refuses it."""
    every = [sql for title, lines in sections().items() if title != "schema" for sql in lines]
    for sql in every:
        refused = False
        with connection.transaction(force_rollback=True):
            try:
                if sql.startswith("COPY"):
                    with connection.cursor().copy(sql.encode()) as copy:
                        list(copy)
                else:
                    connection.execute(sql.encode())
            except psycopg.Error:
                refused = True
        yield sql, refused


def test_lint_knows_what_servers_refuse_and_nothing_else(
    any_server: Server, new_database: NewDatabase
) -> None:
    with psycopg.connect(new_database(any_server).render(), autocommit=True) as connection:
        connection.execute("\n".join(sections()["schema"]).encode())
        version = connection.info.server_version // 10_000
        read = structure_of(read_catalog(connection))
        told_ = told()
        wrong = {
            sql: refused
            for sql, refused in answers(connection)
            for structure in (told_, read)
            if said(structure, sql, version) is not refused
        }

    misses = sections()["refused, of which lint says nothing"]
    assert [] == [sql for sql, refused in wrong.items() if not refused]
    assert set() == wrong.keys() - set(misses)


def test_extensions_of_the_server_bring_no_relation_unless_named_so(
    server: Server, new_database: NewDatabase
) -> None:
    with psycopg.connect(new_database(server).render(), autocommit=True) as connection:
        names = [name for (name,) in connection.execute(AVAILABLE)]
        for name in BRING_NO_RELATION.intersection(names) - {"plpgsql"}:
            connection.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}" CASCADE'.encode())
        brought = {name for (name,) in connection.execute(BROUGHT)}
        objects = {name for (name,) in connection.execute(OBJECTS)}

    known = (EXTENSION_OF | EXTENSION_WITH).items()
    assert {name for name, extension in known if extension in names} <= objects
    assert {name for name in brought if not name.startswith("pg_")} == set()


@pytest.mark.parametrize("corpus", corpora())
def test_nothing_that_servers_ran_is_called_refused(corpus: str) -> None:
    said = {}
    for case in held_out(corpus):
        structure = structure_after(case.base + case.given)
        for parsed in parse(case.sql):
            for refusal in refusals(parsed, structure, case.major):
                said[case.sql] = refusal.message
            follow(structure, parsed, case.major)

    assert said == {}


AVAILABLE = b"SELECT name FROM pg_catalog.pg_available_extensions"
OBJECTS = b"""
SELECT typname FROM pg_catalog.pg_type UNION SELECT proname FROM pg_catalog.pg_proc
UNION SELECT opcname FROM pg_catalog.pg_opclass
"""
BROUGHT = b"""
SELECT c.relname FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_depend AS d ON d.objid = c.oid AND d.deptype = 'e'
WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.relkind = ANY ('{r,p,v,m,S,f}')
"""


def findings(sql: str, *, schema: str | None = None) -> list[Finding]:
    """What the three rules say of a file, told nothing or a schema."""
    structure = Structure(complete=schema is not None)
    for parsed in parse(schema or ""):
        follow(structure, parsed, 18)
    unit = Unit(structure, 18, file="change.sql", complete=schema is not None)
    chosen = by_subject(choose_rules(select=tuple(CODES)))
    script = UnitLinter(chosen, unit).script(read_script(io.BytesIO(sql.encode())))
    return [answer for answer in script if isinstance(answer, Finding)]


ORDERS = "CREATE TABLE orders (id int, note text, CONSTRAINT orders_note CHECK (note <> ''));"
SURE = [
    (None, ORDERS + "CREATE TABLE orders (id int);", "fails: table orders is there already"),
    (None, ORDERS + "DROP TABLE orders; DROP TABLE orders;", "fails: there is no table orders"),
    (
        None,
        ORDERS + "ALTER TABLE orders DROP COLUMN paid;",
        "fails: there is no column paid in orders",
    ),
    (ORDERS, "DROP TABLE bills;", "fails: there is no table bills"),
    (ORDERS, "CREATE TABLE bills (name citext);", "fails: there is no type citext"),
    (
        ORDERS,
        "DO $$ BEGIN DROP TABLE bills; END $$; ALTER TABLE orders DROP COLUMN paid;",
        "fails: there is no column paid in orders",
    ),
    (
        ORDERS,
        "DO $$ BEGIN EXECUTE concat('DROP TABLE ', 'orders'); END $$;"
        "CREATE TABLE bills (id int); ALTER TABLE bills DROP COLUMN paid;",
        "fails: there is no column paid in bills",
    ),
]
UNSURE = [
    (None, "DROP TABLE orders; DROP INDEX ix; ALTER TABLE bills DROP COLUMN paid;"),
    (None, "CREATE TABLE IF NOT EXISTS orders (id int); ALTER TABLE orders DROP COLUMN paid;"),
    (None, "CREATE TABLE orders AS SELECT 1 AS id; ALTER TABLE orders DROP COLUMN paid;"),
    (
        None,
        "CREATE TABLE orders (LIKE bills); ALTER TABLE orders ADD a int, DROP COLUMN paid;",
    ),
    (None, ORDERS + "BEGIN; DROP TABLE orders; ROLLBACK; DROP TABLE orders;"),
    (None, ORDERS + "\\i more.sql\nALTER TABLE orders DROP COLUMN paid;"),
    (None, ORDERS + "ALTER TABEL orders ADD paid int; ALTER TABLE orders DROP COLUMN paid;"),
    (ORDERS, "SELECT add_columns(); ALTER TABLE orders DROP COLUMN paid;"),
    (ORDERS, "DO $$ BEGIN EXECUTE add(); END $$; ALTER TABLE orders DROP COLUMN paid;"),
    (
        ORDERS,
        "DO $$ BEGIN IF f() THEN ALTER TABLE orders ADD paid int; END IF; END $$;"
        "ALTER TABLE orders DROP COLUMN paid;",
    ),
    (ORDERS, "CREATE EXTENSION citext; CREATE TABLE bills (name citext);"),
    ("CREATE TABLE a (a public.citext);", "CREATE TABLE bills (name citext);"),
    (None, "CREATE TABLE bills (name citext);"),
    (ORDERS, "CREATE EXTENSION postgis; DELETE FROM spatial_ref_sys WHERE srid = 1;"),
    (ORDERS, "UPDATE alembic_version SET version_num = 'a';"),
    (ORDERS, "CREATE TEMP TABLE orders (a int); ALTER TABLE orders ADD b int, ADD id int;"),
    (ORDERS, "SELECT * FROM pg_stat_activity, information_schema.tables;"),
    (ORDERS, "WITH bills AS (SELECT 1) SELECT * FROM bills FOR UPDATE OF bills;"),
    (
        ORDERS + "CREATE TABLE a (id int); CREATE VIEW v AS SELECT * FROM a;",
        "DROP TABLE a CASCADE; CREATE VIEW v AS SELECT 1 AS id;",
    ),
    (ORDERS + "CREATE SCHEMA a; CREATE TABLE a.bills (id int);", "DROP TABLE bills;"),
]


@pytest.mark.parametrize(("schema", "sql", "message"), SURE)
def test_what_is_sure_is_an_error(schema: str | None, sql: str, message: str) -> None:
    (found,) = findings(sql, schema=schema)

    assert (found.message, found.severity) == (message, Severity.ERROR)


@pytest.mark.parametrize(("schema", "sql"), UNSURE)
def test_nothing_is_said_of_what_may_be_otherwise(schema: str | None, sql: str) -> None:
    assert findings(sql, schema=schema) == []


def test_refused_statement_changes_nothing() -> None:
    sql = "ALTER TABLE orders ADD paid int, ADD note text; ALTER TABLE orders ADD paid int;"

    assert [found.code for found in findings(sql, schema=ORDERS)] == ["LG057"]
