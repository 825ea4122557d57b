"""The statements of a dump, what they make, and how tests read a dump as a Catalog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.core.catalog import Catalog, diff
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus
from lockgate.postgres.binaries import find_pg_dump
from lockgate.postgres.dump import DumpFailed, DumpLocked, dump_schema
from lockgate.postgres.servers import Server
from tests.catalog.dumped import parse_dump, read_dump

NewDatabase = Callable[..., DatabaseUrl]

BASE = """
CREATE TYPE level AS ENUM ('raw', 'l1');
CREATE DOMAIN positive AS integer CONSTRAINT positive_check CHECK (VALUE > 0);
CREATE SEQUENCE counter;
CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE instrument (id serial PRIMARY KEY, code text NOT NULL UNIQUE);
CREATE TABLE file (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    checksum varchar(64),
    note text,
    level level NOT NULL DEFAULT 'raw',
    size integer CONSTRAINT file_size_check CHECK (size > 0),
    bytes numeric(10, 2) GENERATED ALWAYS AS (size * 2) STORED,
    instrument_id integer CONSTRAINT file_instrument REFERENCES instrument (id)
);
CREATE INDEX file_name ON file (name) WHERE level = 'raw';
CREATE VIEW raw_file AS SELECT id, name FROM file WHERE level = 'raw';
CREATE MATERIALIZED VIEW file_count AS SELECT count(*) AS n FROM file;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER file_stamp BEFORE INSERT ON file FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE STATISTICS name_checksum ON checksum, level FROM file;
CREATE POLICY file_all ON file USING (true);
CREATE TABLE pointing (at date NOT NULL, ra real) PARTITION BY RANGE (at);
CREATE TABLE pointing_2026 PARTITION OF pointing FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
"""


def run(url: DatabaseUrl, statements: str) -> None:
    with psycopg.connect(make_conninfo(**url.conninfo()), autocommit=True) as connection:
        connection.execute(statements.encode())


def read(url: DatabaseUrl, *version_tables: tuple[str, str]) -> Catalog:
    return read_dump(url, pg_dump=find_pg_dump(18), version_tables=version_tables)


@pytest.fixture
def archive(database: DatabaseUrl) -> DatabaseUrl:
    run(database, BASE)
    return database


def test_the_dump_makes_the_same_structure_anew(
    any_server: Server, new_database: NewDatabase
) -> None:
    source, copy = new_database(any_server), new_database(any_server)
    run(source, BASE + HOSTILE)

    run(copy, dump_schema(source, pg_dump=find_pg_dump(18)))

    assert diff(read(source), read(copy)) == ()
    assert any_server.binaries.version == read(source).server


HEADER = """
--
-- Name: intruder; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.intruder ();

\\unrestrict key
"""

HOSTILE = f"""
CREATE SCHEMA "a; Type: TABLE; Schema: b; Owner: -";
CREATE TABLE "a; Type: TABLE; Schema: b; Owner: -"."{HEADER}" (
    "(,;'""$$" text DEFAULT $x$'{HEADER}$$ CONSTRAINT a NOT NULL$x$ NOT NULL,
    "constraint" text CONSTRAINT "b; "" NOT NULL" CHECK ("constraint" <> '$a$;,('),
    "日本 ß" text
);
CREATE TABLE "{HEADER}" ();
CREATE FUNCTION body() RETURNS text LANGUAGE sql AS $x$ SELECT $$'{HEADER}"$$ $x$;
CREATE FUNCTION standard(a int) RETURNS int LANGUAGE sql
    BEGIN ATOMIC SELECT ';{HEADER}' AS a; SELECT CASE WHEN a > 0 THEN 1 END; END;
COMMENT ON FUNCTION body() IS '{HEADER}';
"""


@pytest.mark.parametrize(
    "statements",
    [
        f'ALTER TABLE "{HEADER}" ADD x int',
        f'DROP TABLE "a; Type: TABLE; Schema: b; Owner: -"."{HEADER}"',
        f"CREATE OR REPLACE FUNCTION body() RETURNS text LANGUAGE sql AS $x$ SELECT '{HEADER}' $x$",
        "CREATE OR REPLACE FUNCTION standard(a int) RETURNS int LANGUAGE sql "
        f"BEGIN ATOMIC SELECT ';{HEADER}' AS a; SELECT CASE WHEN a > 0 THEN 2 END; END",
        "CREATE TABLE intruder ()",
    ],
    ids=["table", "schema", "body", "standard body", "the intruder made real"],
)
def test_text_that_looks_like_a_dump_hides_nothing(database: DatabaseUrl, statements: str) -> None:
    run(database, HOSTILE)
    before = read(database)

    run(database, statements)
    after = read(database)

    assert "public.intruder" not in {found.name for found in before.objects}
    assert before.fingerprint != after.fingerprint


def test_odd_columns_are_told_apart(database: DatabaseUrl) -> None:
    run(database, HOSTILE)
    tables = [found for found in read(database).objects if found.kind == "table"]
    properties = {name for found in tables for name, _ in found.properties}

    assert {
        """column "(,;'""$$\"""",
        'column "constraint"',
        'constraint "b; "" NOT NULL"',
        'column "日本 ß"',
    } == properties


def test_a_constraint_named_in_a_default_is_left_there(database: DatabaseUrl) -> None:
    run(database, "CREATE TABLE t (a text DEFAULT 'CONSTRAINT x NOT NULL' NOT NULL)")
    table = next(found for found in read(database).objects if found.kind == "table")

    assert table.properties == (
        ("column a", "text DEFAULT 'CONSTRAINT x NOT NULL'::text NOT NULL"),
    )


def test_lockgates_own_objects_and_version_tables_are_left_out(archive: DatabaseUrl) -> None:
    before = read(archive)

    run(
        archive,
        'CREATE SCHEMA lockgate; CREATE TABLE lockgate.mark (); CREATE SCHEMA "Odd.Name";'
        'CREATE TABLE "Odd.Name"."v""*" (version_num varchar(32) PRIMARY KEY);'
        "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
        "CREATE FUNCTION lockgate.seal() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "CREATE EVENT TRIGGER lockgate_seal ON ddl_command_end EXECUTE FUNCTION lockgate.seal()",
    )
    after = read(archive, ("Odd.Name", 'v"*'), ("public", "alembic_version"))

    assert [change.name for change in diff(before, after)] == ["Odd.Name"]


def test_a_version_table_elsewhere_is_structure(archive: DatabaseUrl) -> None:
    run(archive, "CREATE SCHEMA tenant; CREATE TABLE tenant.alembic_version ()")
    names = {found.name for found in read(archive, ("public", "alembic_version")).objects}

    assert "tenant.alembic_version" in names


def test_passwords_of_other_servers_are_left_out(archive: DatabaseUrl) -> None:
    run(
        archive,
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
        "CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'hidden');"
        "CREATE SUBSCRIPTION sub CONNECTION 'password=hidden' PUBLICATION p "
        "WITH (connect = false, slot_name = NONE)",
    )
    dumped = dump_schema(archive, pg_dump=find_pg_dump(18))
    run(archive, "DROP SUBSCRIPTION sub")

    assert "CREATE SERVER s" in dumped
    assert "hidden" not in dumped


def test_the_password_is_not_on_the_command_line(tmp_path: Path) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "pg_dump: error: $@ and $PGPASSWORD" >&2; exit 1\n')
    program.chmod(0o755)
    url = DatabaseUrl(
        host="h",
        password="p:w d",
        database="d b",
        parameters=(("sslmode", "require"), ("sslpassword", "key's")),
    )

    with pytest.raises(DumpFailed) as failure:
        dump_schema(url, pg_dump=program)

    assert failure.value.reason.endswith(
        "--dbname=connect_timeout=10 host=h dbname='d b' sslmode=require and ***"
    )
    assert failure.value.__cause__ is None


def test_an_odd_password_reaches_the_server(tcp_server: Server) -> None:
    assert tcp_server.tcp_url is not None

    assert read(tcp_server.tcp_url).server.partition(".")[0] == "18"


def test_a_wrong_password_is_one_clear_error(tcp_server: Server) -> None:
    assert tcp_server.tcp_url is not None
    with pytest.raises(DumpFailed) as failure:
        read(replace(tcp_server.tcp_url, password="wrong-one"))

    assert 'password authentication failed for user "postgres"' in str(failure.value)
    assert "wrong-one" not in str(failure.value)
    assert failure.value.exit_status == ExitStatus.UNREACHABLE


def test_a_missing_pg_dump_is_one_clear_error(database: DatabaseUrl, tmp_path: Path) -> None:
    with pytest.raises(DumpFailed) as failure:
        dump_schema(database, pg_dump=tmp_path / "gone")

    assert f"{tmp_path}/gone: No such file or directory" == failure.value.reason


def test_a_locked_table_is_waited_for_within_the_budget(archive: DatabaseUrl) -> None:
    with psycopg.connect(make_conninfo(**archive.conninfo())) as connection:
        connection.execute("LOCK TABLE file IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DumpLocked) as failure:
            dump_schema(archive, pg_dump=find_pg_dump(18), lock_timeout_ms=50)

    assert "a table stayed locked for 50 ms" in str(failure.value)


def test_the_keys_of_restrict_are_no_structure() -> None:
    one = (
        "\\restrict abc\n--\n-- Name: s; Type: SCHEMA; Schema: -; Owner: -\n--\n\nCREATE SCHEMA s;"
    )

    assert parse_dump(one) == parse_dump(one.replace("abc", "xyz") + "\n\\unrestrict xyz\n")
