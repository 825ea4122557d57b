"""Reading a Catalog: in one snapshot, bounded, as any role, without secrets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import psycopg
import pytest

from lockgate.core.catalog import Catalog, Change, ChangeKind, diff
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus
from lockgate.postgres.catalog import (
    CatalogBroken,
    CatalogLocked,
    CatalogMoved,
    CatalogTooSlow,
    read_catalog,
)
from lockgate.postgres.servers import Server
from tests.catalog.conftest import connect, read, run, usable_pairs


def names(catalog: Catalog) -> set[tuple[str, str]]:
    return {(found.kind, found.name) for found in catalog.objects if not found.cosmetic}


def test_an_empty_database_has_no_structure(any_database: DatabaseUrl) -> None:
    assert set() == names(read(any_database))


def test_an_upgrade_is_told_property_by_property(database: DatabaseUrl) -> None:
    run(
        database,
        "CREATE TABLE file (id int PRIMARY KEY, sum varchar(64), note text DEFAULT '');"
        "CREATE INDEX file_sum ON file (sum)",
    )
    before = read(database)

    run(
        database,
        "CREATE TYPE level AS ENUM ('raw');"
        'ALTER TABLE file ALTER sum TYPE text COLLATE "C", ALTER sum SET NOT NULL, DROP note,'
        " ADD level level, ADD CONSTRAINT named CHECK (id > 0);"
        "DROP INDEX file_sum; CREATE INDEX file_sum ON file (sum) WHERE id > 5;"
        "CREATE VIEW ids AS SELECT id FROM file; GRANT SELECT ON ids TO PUBLIC",
    )
    changes = diff(before, read(database))

    added, removed, altered = ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.ALTERED
    column = "public.file.sum"
    view = " SELECT id\n   FROM public.file;\ncolumns id"
    granted = "=r/postgres, postgres=arwdDxtm/postgres"
    assert (
        Change(added, "enum", "public.level", None, None, "labels 'raw'", False),
        Change(added, "column", "public.file.level", None, None, "type public.level", False),
        Change(
            removed, "column", "public.file.note", None, "default ''::text\ntype text", None, False
        ),
        Change(added, "column", column, "collation", None, 'pg_catalog."C"', False),
        Change(added, "column", column, "not null", None, "yes", False),
        Change(altered, "column", column, "type", "character varying(64)", "text", False),
        Change(added, "constraint", "public.file.named", None, None, "CHECK ((id > 0))", False),
        Change(added, "index", "public.file_sum", "predicate", None, "(id > 5)", False),
        Change(added, "view", "public.ids", None, None, view, False),
        Change(added, "owner", "enum public.level", None, None, "postgres", True),
        Change(added, "owner", "view public.ids", None, None, "postgres", True),
        Change(added, "privileges", "view public.ids", None, None, granted, True),
    ) == changes


def test_a_moved_column_is_told_as_cosmetic(database: DatabaseUrl) -> None:
    run(database, "CREATE TABLE t (a int, b int, c int)")
    before = read(database)

    run(database, "ALTER TABLE t DROP a, ADD a int")
    after = read(database)

    assert [("column order", "public.t", "a, b, c", "b, c, a", True)] == [
        (change.object, change.name, change.from_, change.to, change.cosmetic)
        for change in diff(before, after)
    ]
    assert before.fingerprint == after.fingerprint
    assert before.cosmetic_fingerprint != after.cosmetic_fingerprint


def test_lockgates_own_objects_and_version_tables_are_left_out(database: DatabaseUrl) -> None:
    before = read(database)

    run(
        database,
        "CREATE SCHEMA lockgate; CREATE TABLE lockgate.mark (id serial CHECK (id > 0));"
        "COMMENT ON TABLE lockgate.mark IS 'x'; GRANT SELECT ON lockgate.mark TO PUBLIC;"
        "COMMENT ON SCHEMA lockgate IS 'x'; CREATE SCHEMA \"Odd.Name\";"
        'CREATE TABLE "Odd.Name"."v""*" (version_num varchar(32) PRIMARY KEY, n serial);'
        "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
        "GRANT SELECT ON alembic_version TO PUBLIC; COMMENT ON TABLE alembic_version IS 'x';"
        "CREATE FUNCTION lockgate.seal() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "CREATE EVENT TRIGGER lockgate_seal ON ddl_command_end EXECUTE FUNCTION lockgate.seal();"
        "COMMENT ON EVENT TRIGGER lockgate_seal IS 'x'",
    )
    after = read(database, ("Odd.Name", 'v"*'), ("public", "alembic_version"))

    assert ['"Odd.Name"', 'schema "Odd.Name"'] == [change.name for change in diff(before, after)]


def test_a_version_table_elsewhere_is_structure(database: DatabaseUrl) -> None:
    run(database, "CREATE SCHEMA tenant; CREATE TABLE tenant.alembic_version (v text)")

    found = read(database, ("public", "alembic_version"))

    assert ("table", "tenant.alembic_version") in names(found)


def test_what_an_extension_holds_is_its_own(database: DatabaseUrl) -> None:
    run(
        database,
        "CREATE SCHEMA x; CREATE TYPE mood AS ENUM ('a'); CREATE FUNCTION f() RETURNS int"
        " LANGUAGE sql AS 'SELECT 1'; CREATE TABLE held (id serial PRIMARY KEY);"
        "COMMENT ON TABLE held IS 'x'; CREATE TABLE own (a mood);"
        "ALTER EXTENSION plpgsql ADD TABLE held; ALTER EXTENSION plpgsql ADD SEQUENCE held_id_seq;"
        "ALTER EXTENSION plpgsql ADD TYPE mood; ALTER EXTENSION plpgsql ADD FUNCTION f();"
        "ALTER EXTENSION plpgsql ADD SCHEMA x",
    )

    assert {("table", "public.own"), ("column", "public.own.a")} == names(read(database))


def test_names_of_every_sort_are_told_apart(any_database: DatabaseUrl) -> None:
    odd = ['a"b', "a.b", "a b", "a\nb", "größe 大きさ", "50%s", "X" * 63, "SELECT", "'", "\\"]
    quoted = ['"' + name.replace('"', '""') + '"' for name in odd]
    columns = ", ".join(f"{name} int" for name in quoted)
    run(any_database, "".join(f"CREATE TABLE {name} ({columns});" for name in quoted))

    found = names(read(any_database))

    assert {("table", f"public.{name}") for name in quoted} | {
        ("column", f"public.{table}.{column}") for table in quoted for column in quoted
    } == found


def test_secrets_are_never_read(any_database: DatabaseUrl) -> None:
    run(
        any_database,
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
        "CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'hidden');"
        "CREATE SUBSCRIPTION sub CONNECTION 'password=hidden' PUBLICATION p "
        "WITH (connect = false, slot_name = NONE)",
    )
    found = read(any_database)
    run(any_database, "DROP SUBSCRIPTION sub")

    kinds = {one.kind: one.cosmetic for one in found.objects}
    assert (True, True, False) == (kinds["user mapping"], kinds["subscription"], kinds["server"])
    assert "hidden" not in repr(found)


@pytest.fixture
def as_plain_role(any_server: Server, any_database: DatabaseUrl) -> Iterator[Callable[[], Catalog]]:
    """Reads `any_database` as a role that may do nothing but log in."""
    usable_pairs(any_server)  # makes the role
    with connect(any_database) as connection:
        connection.execute("SET SESSION AUTHORIZATION lockgate_test_one")
        yield lambda: read_catalog(connection)


def test_a_plain_role_reads_the_whole(
    any_database: DatabaseUrl, as_plain_role: Callable[[], Catalog]
) -> None:
    run(
        any_database,
        "CREATE SCHEMA closed; REVOKE ALL ON SCHEMA closed FROM PUBLIC;"
        "CREATE TYPE closed.e AS ENUM ('a');"
        "CREATE TABLE closed.t (a closed.e DEFAULT 'a', b int CHECK (b > 0));"
        "CREATE VIEW closed.v AS SELECT a FROM closed.t; CREATE STATISTICS closed.s ON a, b FROM"
        " closed.t; CREATE FUNCTION closed.f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
        "CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'hidden');",
    )

    assert () == as_plain_role().missing
    assert read(any_database) == as_plain_role()


def test_what_a_role_may_not_read_is_named(
    any_database: DatabaseUrl, as_plain_role: Callable[[], Catalog]
) -> None:
    run(any_database, "CREATE TABLE t (a int); REVOKE SELECT ON pg_catalog.pg_policy FROM PUBLIC")

    found = as_plain_role()

    assert ("comments", "policies") == found.missing
    assert ("table", "public.t") in names(found)
    assert read(any_database).fingerprint != found.fingerprint


def test_a_locked_table_is_waited_for_within_the_budget(database: DatabaseUrl) -> None:
    run(database, "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t")
    with connect(database) as holder, connect(database) as connection, holder.transaction():
        holder.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CatalogLocked) as failure:
            read_catalog(connection, lock_timeout_ms=50)

    assert "a table stayed locked for 50 ms" in str(failure.value)
    assert ExitStatus.LOCK_NOT_OBTAINED == failure.value.exit_status


def test_a_slow_query_ends_at_its_timeout(database: DatabaseUrl) -> None:
    run(database, "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t")
    with connect(database) as holder, connect(database) as connection, holder.transaction():
        holder.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CatalogTooSlow) as failure:
            read_catalog(connection, lock_timeout_ms=0, statement_timeout_ms=50)

    assert "a query took longer than 50 ms" in str(failure.value)


def test_the_connection_is_left_as_it_was(database: DatabaseUrl) -> None:
    shown = "SELECT string_agg(name || setting, ',' ORDER BY name) FROM pg_settings"
    with connect(database) as connection:
        before = connection.execute(shown).fetchone()
        read_catalog(connection)

        assert before == connection.execute(shown).fetchone()
        assert psycopg.pq.TransactionStatus.IDLE == connection.info.transaction_status


def test_objects_dropped_while_they_are_read_are_met_by_reading_again(
    any_database: DatabaseUrl,
) -> None:
    run(any_database, "CREATE TABLE kept (a int)")
    ended = threading.Event()

    def restless() -> None:
        with connect(any_database) as connection:
            while not ended.is_set():
                connection.execute(
                    b"CREATE TABLE t (a int CHECK (a > 0)); CREATE INDEX i ON t (a) WHERE a > 1;"
                    b"CREATE VIEW v AS SELECT a FROM t; CREATE STATISTICS s ON (a + 1) FROM t;"
                    b"CREATE FUNCTION f() RETURNS SETOF int BEGIN ATOMIC SELECT a FROM t; END;"
                )
                connection.execute(b"DROP TABLE t CASCADE")

    others = threading.Thread(target=restless)
    others.start()
    try:
        with connect(any_database) as connection:
            found = []
            for _ in range(20):
                with suppress(CatalogMoved):  # ten times in a row something was dropped
                    found.append(read_catalog(connection))
    finally:
        ended.set()
        others.join()

    assert found
    assert all(("table", "public.kept") in names(one) for one in found)


def test_an_invalid_index_is_apart(database: DatabaseUrl) -> None:
    run(database, "CREATE TABLE t (a int); CREATE INDEX i ON t (a)")
    before = read(database)

    run(
        database,
        "UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass",
    )
    changes = diff(before, read(database))

    assert [("index", ChangeKind.REMOVED), ("invalid index", ChangeKind.ADDED)] == [
        (change.object, change.kind) for change in changes
    ]


def test_a_security_label_is_structure(database: DatabaseUrl) -> None:
    run(database, "CREATE TABLE t (a int)")
    before = read(database)

    run(
        database,
        "INSERT INTO pg_catalog.pg_seclabel (objoid, classoid, objsubid, provider, label)"
        " VALUES ('t'::regclass, 'pg_class'::regclass, 1, 'selinux', 'secret')",
    )
    changes = diff(before, read(database))

    assert [("security label", "selinux: table column public.t.a", "secret")] == [
        (change.object, change.name, change.to) for change in changes
    ]


def test_nothing_is_logged_when_reading_fails(
    database: DatabaseUrl, caplog: pytest.LogCaptureFixture
) -> None:
    run(database, "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t")
    with connect(database) as holder, connect(database) as connection, holder.transaction():
        holder.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CatalogLocked):
            read_catalog(connection, lock_timeout_ms=1)

    assert [] == caplog.records


def test_a_broken_view_is_named(database: DatabaseUrl) -> None:
    run(
        database,
        "CREATE FUNCTION gone() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        'CREATE VIEW "odd view" AS SELECT gone() AS n; CREATE VIEW fine AS SELECT 1 AS n;'
        "DELETE FROM pg_depend WHERE refobjid = 'gone'::regproc; DROP FUNCTION gone()",
    )

    with pytest.raises(CatalogBroken) as failure:
        read(database)

    assert 'the server has no definition of view public."odd view"' in str(failure.value)
    assert "cache lookup failed for function" in str(failure.value)
