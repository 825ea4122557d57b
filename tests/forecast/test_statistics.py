"""The target's statistics, read on real servers with a role that may do nothing but read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.core.sql.picking import picking
from lockgate.core.target import Reference, TargetStatistics
from lockgate.core.url import DatabaseUrl
from lockgate.errors import LockgateError
from lockgate.postgres.binaries import BinariesNotFound, find_binaries
from lockgate.postgres.servers import Server, create_database
from lockgate.postgres.statistics import read_estimates, read_statistics
from tests.conftest import StartServer

READER = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'statistics_reader') THEN
    CREATE ROLE statistics_reader LOGIN;
  END IF;
END $$
"""

TABLES = """
CREATE TABLE star (
    id bigint PRIMARY KEY, name text NOT NULL, magnitude float8, note text, secret text
) WITH (fillfactor = 80);
CREATE INDEX star_name ON star (name, magnitude);
CREATE INDEX star_lower ON star (lower(name));
INSERT INTO star
SELECT n, 'star ' || n % 100, n, CASE WHEN n % 4 = 0 THEN 'seen' END, 'hidden'
  FROM generate_series(1, 20000) AS n;
CREATE TABLE night (day date, star bigint) PARTITION BY RANGE (day);
CREATE TABLE night_2024 PARTITION OF night FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE night_2025 PARTITION OF night FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
    PARTITION BY RANGE (day);
CREATE TABLE night_2025_a PARTITION OF night_2025 FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
INSERT INTO night SELECT date '2024-01-01' + n % 500, n FROM generate_series(1, 5000) AS n;
CREATE SCHEMA "Odd name";
CREATE TABLE "Odd name"."Table" (id int);
CREATE TABLE untouched (a int, b int);
ALTER TABLE untouched SET (autovacuum_enabled = off);
INSERT INTO untouched SELECT n, n FROM generate_series(1, 10000) AS n;
VACUUM ANALYZE star;
ANALYZE night;
GRANT SELECT (id, name, magnitude, note) ON star TO statistics_reader;
GRANT SELECT ON night, night_2024, night_2025, night_2025_a TO statistics_reader
"""


@contextmanager
def connected(url: DatabaseUrl, **more: str) -> Iterator[psycopg.Connection]:
    conninfo = make_conninfo(**(url.conninfo() | more))
    with psycopg.connect(conninfo, autocommit=True) as connection:
        yield connection


@pytest.fixture
def filled(any_database: DatabaseUrl) -> DatabaseUrl:
    with connected(any_database) as connection:
        connection.execute(READER.encode())
        for statement in TABLES.split(";\n"):
            connection.execute(statement.encode())
    return any_database


def read(url: DatabaseUrl, user: str = "statistics_reader") -> TargetStatistics:
    with connected(url, user=user) as connection:
        return read_statistics(connection)


def test_a_role_that_may_only_read_is_told_how_many_rows_a_change_takes(
    filled: DatabaseUrl,
) -> None:
    changes = (
        "UPDATE star SET later = 1 WHERE name = 'star 5'",
        "DELETE FROM star USING night WHERE night.star = star.id AND name = 'star 5'",
        "INSERT INTO night SELECT NULL, id FROM star WHERE magnitude <= 1000",
        "UPDATE star SET note = NULL WHERE secret = 'hidden'",
    )
    queries = [picking(sql) or "" for sql in changes]
    with connected(filled, user="statistics_reader") as connection:
        found = read_estimates(connection, queries)

    assert 200 == pytest.approx(found[queries[0]], rel=0.3)
    assert 50 == pytest.approx(found[queries[1]], rel=0.5)
    assert 1_000 == pytest.approx(found[queries[2]], rel=0.2)
    assert queries[3] not in found  # it may not read what the condition asks for


def test_a_role_that_may_only_read_gets_sizes_rows_and_widths(filled: DatabaseUrl) -> None:
    found = read(filled)
    star = found.relation("public.star")

    assert star is not None
    assert (20_000, True, 80) == (star.rows, star.analyzed, star.fillfactor)
    with connected(filled) as connection:
        sizes = connection.execute(
            "SELECT pg_relation_size('star'), pg_indexes_size('star'),"
            " pg_table_size('star') - pg_relation_size('star')"
            " - pg_relation_size('star', 'fsm') - pg_relation_size('star', 'vm')"
        ).fetchone()
    assert (star.heap_bytes, star.index_bytes, star.toast_bytes) == sizes
    note = star.column("note")
    assert note is not None
    assert (5, -1.0 if note.distinct < 0 else 1.0) == (note.width, note.distinct)
    assert note.null_fraction == pytest.approx(0.75, abs=0.02)
    keys = {index.name: index.key_width for index in star.indexes}
    name = star.column("name")
    assert name is not None
    assert {
        "public.star_pkey": 8,
        "public.star_name": name.width + 8,
        "public.star_lower": None,
    } == keys


def test_what_the_role_may_not_see_is_said(filled: DatabaseUrl) -> None:
    found = read(filled)
    star = found.relation("public.star")

    assert star is not None
    assert ("secret",) == star.unreadable
    assert star.column("secret") is None
    assert star.row_bytes is None
    assert any("columns that this role may not read" in phrase for phrase in found.missing)
    assert any("pg_read_all_stats" in phrase for phrase in found.missing)
    assert not any("may not read" in p for p in read(filled, user="postgres").missing)


def test_free_disk_is_what_databases_and_wal_leave_of_the_volume(filled: DatabaseUrl) -> None:
    size = 10**12
    found = {}
    for user in ("statistics_reader", "postgres"):
        with connected(filled, user=user) as connection:
            found[user] = read_statistics(connection, disk_bytes=size)
    with connected(filled) as connection:
        databases, wal, most_wal = connection.execute(
            "SELECT (SELECT sum(pg_database_size(oid)) FROM pg_database)::bigint,"
            " (SELECT sum(size) FROM pg_ls_waldir())::bigint,"
            " pg_size_bytes(current_setting('max_wal_size'))"
        ).fetchone() or (0, 0, 0)

    # The other tests of this server write meanwhile.
    assert found["postgres"].free_disk_bytes == pytest.approx(size - databases - wal, abs=10**8)
    assert found["statistics_reader"].free_disk_bytes == pytest.approx(
        size - databases - most_wal, abs=10**8
    )
    assert read(filled).free_disk_bytes is None
    assert any("give disk in the settings" in phrase for phrase in read(filled).missing)
    assert not any("disk" in phrase for phrase in found["postgres"].missing)


def test_partitioned_tables_are_the_sum_of_their_partitions(filled: DatabaseUrl) -> None:
    found = read(filled)
    night = found.relation("public.night")

    assert night is not None
    parts = [found.relation(f"public.night_{part}") for part in ("2024", "2025_a")]
    assert 5_000 == night.rows == sum(part.rows for part in parts if part)
    assert night.heap_bytes == sum(part.heap_bytes for part in parts if part)
    assert ["public.night_2024", "public.night_2025"] == [
        part.name for part in found.partitions("public.night")
    ]
    assert "day" == night.columns[0].name


def test_names_are_spelled_as_in_a_catalog(filled: DatabaseUrl) -> None:
    assert read(filled).relation('"Odd name"."Table"') is not None


def test_a_table_nobody_analyzed_is_estimated_and_says_so(filled: DatabaseUrl) -> None:
    untouched = read(filled).relation("public.untouched")

    assert untouched is not None
    assert not untouched.analyzed
    assert untouched.rows == pytest.approx(10_000, rel=0.1)
    assert untouched.bloat_bytes is None


def test_bloat_is_what_deleted_rows_leave(filled: DatabaseUrl) -> None:
    before = read(filled, user="postgres").relation("public.star")
    with connected(filled) as connection:
        connection.execute("DELETE FROM star WHERE id % 2 = 0")
        connection.execute("VACUUM ANALYZE star")
    after = read(filled, user="postgres").relation("public.star")

    assert before is not None
    assert before.bloat_bytes is not None
    assert before.bloat_bytes < 0.1 * before.heap_bytes
    assert after is not None
    assert after.bloat_bytes == pytest.approx(after.heap_bytes / 2, rel=0.15)


def test_a_second_reading_counts_what_happened_in_between(filled: DatabaseUrl) -> None:
    def write(_: float) -> None:
        with connected(filled) as other:
            other.execute("UPDATE star SET note = 'again' WHERE id <= 500")
        with connected(filled) as other:  # counts are handed on some time after a session ends
            counted = "SELECT 1 FROM pg_stat_user_tables WHERE n_tup_upd = 500"
            until = time.monotonic() + 20
            while not other.execute(counted.encode()).fetchall():
                assert time.monotonic() < until, "the server does not count"

    with connected(filled, user="statistics_reader") as connection:
        found = read_statistics(connection, second_reading_after_s=1, sleep=write)
    star = found.relation("public.star")

    assert star is not None
    assert found.counted_seconds is not None
    updates = star.traffic.updates
    assert updates is not None
    assert 500 == pytest.approx(updates * found.counted_seconds)
    assert 0 == star.traffic.deletes


def test_a_locked_table_does_not_hold_the_reading_up(filled: DatabaseUrl) -> None:
    with connected(filled) as other, other.transaction():
        other.execute("LOCK TABLE star IN ACCESS EXCLUSIVE MODE")
        found = read(filled)

    star = found.relation("public.star")
    assert star is not None
    assert 20_000 == star.rows
    assert 1 == star.sessions


def test_the_oldest_transaction_is_known_to_a_role_that_sees_it(filled: DatabaseUrl) -> None:
    with connected(filled) as other, other.transaction():
        other.execute("SELECT count(*) FROM star")
        with connected(filled) as connection:
            connection.execute("GRANT pg_read_all_stats TO statistics_reader")
        try:
            found = read(filled)
        finally:
            with connected(filled) as connection:
                connection.execute("REVOKE pg_read_all_stats FROM statistics_reader")

    assert found.oldest_transaction_ms is not None
    assert found.oldest_transaction_ms > 0


def test_the_applications_statements_come_without_their_constants(
    start_scratch_server: StartServer,
) -> None:
    server = _with_statements(start_scratch_server)
    url = create_database(server.url, "sky")
    with connected(url) as connection:
        connection.execute("CREATE SCHEMA tools")
        connection.execute("CREATE EXTENSION pg_stat_statements SCHEMA tools")
        connection.execute("CREATE TABLE star (id int PRIMARY KEY, name text)")
        connection.execute('CREATE TABLE "Moon" (of int REFERENCES star ON DELETE CASCADE)')
        connection.execute("CREATE VIEW named AS SELECT id FROM star WHERE name IS NOT NULL")
        connection.execute("CREATE VIEW counted AS SELECT count(*) FROM named")
        connection.execute("CREATE ROLE stranger LOGIN")
        connection.execute("CREATE ROLE monitor LOGIN IN ROLE pg_monitor")
        connection.execute("SELECT name FROM star WHERE id = 4711")
        connection.execute("ALTER DATABASE sky SET search_path = elsewhere")
        connection.execute("ALTER ROLE postgres IN DATABASE sky SET search_path = tools, public")
        read = read_statistics(connection)
    seen = {}
    for user in ("stranger", "monitor"):
        with connected(url, user=user) as connection:
            seen[user] = read_statistics(connection)
    with connected(url) as connection:
        connection.execute("GRANT USAGE ON SCHEMA tools TO monitor")
    with connected(url, user="monitor") as connection:
        monitored = read_statistics(connection)
    found = read.statements

    assert seen["stranger"].statements is seen["monitor"].statements is None
    assert any("grant pg_read_all_stats" in phrase for phrase in seen["stranger"].missing)
    assert any("in schema tools, on which" in phrase for phrase in seen["monitor"].missing)
    assert monitored.statements is not None
    assert any("FROM star WHERE id" in s.sql for s in monitored.statements)
    assert (("public.counted", "public.star"), ("public.named", "public.star")) == read.views
    assert (Reference('public."Moon"', ("of",), "public.star", ("id",), True),) == read.references
    assert found is not None
    (one,) = [s for s in found if "FROM star WHERE id" in s.sql]
    assert "SELECT name FROM star WHERE id = $1" == one.sql
    assert 1 == one.calls
    assert ("postgres", "tools, public") == (one.role, one.search_path)
    assert one.calls_per_second is not None


def _with_statements(start_scratch_server: StartServer) -> Server:
    for major in (18, 15):
        with suppress(BinariesNotFound):
            programs = find_binaries(major)
            with suppress(LockgateError):
                return start_scratch_server(
                    programs, settings={"shared_preload_libraries": "pg_stat_statements"}
                )
    pytest.skip("no server here has pg_stat_statements")
