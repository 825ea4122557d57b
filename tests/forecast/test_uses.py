"""What the application's statements use, held against what a server says when a column goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from lockgate.core.effect import LockMode
from lockgate.core.senders import senders, senders_through_keys, senders_through_views
from lockgate.core.target import ApplicationStatement, Reference, TargetStatistics
from lockgate.core.url import DatabaseUrl
from tests.forecast.test_statistics import connected, read

TABLES = """
CREATE TABLE item (id int PRIMARY KEY, note text UNIQUE, kind int, other int);
CREATE TABLE other (id int PRIMARY KEY, note text, item int);
CREATE SCHEMA archive;
CREATE TABLE archive.item (id int, note text);
CREATE TABLE "Odd ""Item" (id int, "Note" text);
CREATE TABLE kind_of (id int PRIMARY KEY, label text);
CREATE TABLE owner (id int PRIMARY KEY);
INSERT INTO kind_of SELECT n FROM generate_series(1, 9) AS n;
INSERT INTO owner VALUES (1), (9);
ALTER TABLE item ADD FOREIGN KEY (kind) REFERENCES kind_of;
ALTER TABLE item ADD FOREIGN KEY (other) REFERENCES owner ON DELETE SET NULL;
ALTER TABLE other ADD FOREIGN KEY (item) REFERENCES item;
CREATE VIEW shown AS SELECT id, kind FROM item;
CREATE TABLE event (day int, note text) PARTITION BY LIST (day);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1);
INSERT INTO item VALUES (1, 'a', 1, 1);
INSERT INTO other VALUES (1, 'b', 1), (2, 'c', NULL)
"""

STATEMENTS = """
SELECT note FROM item WHERE id = 1
SELECT ID, KIND FROM ITEM
SELECT i.note FROM item i
SELECT i.* FROM item AS i
SELECT o.* FROM other o JOIN item i ON i.id = o.item
SELECT * FROM other JOIN item USING (note)
SELECT other.id FROM other JOIN item USING (note)
SELECT other.id FROM other JOIN item USING (id)
SELECT other.kind FROM item AS other
SELECT 1 FROM other NATURAL JOIN item
SELECT count(*) FROM item
SELECT row_to_json(i) FROM item i
SELECT id FROM item WHERE EXISTS (SELECT * FROM other WHERE other.note = 'x')
SELECT id FROM other WHERE EXISTS (SELECT * FROM item WHERE kind = other.id)
SELECT id FROM other WHERE note IN (SELECT kind::text FROM item)
SELECT id FROM item WHERE kind IN (SELECT id FROM other WHERE note = 'x')
SELECT kind FROM item WHERE EXISTS (SELECT 1 FROM archive.item AS a WHERE a.id = kind)
SELECT s.* FROM (SELECT id, kind FROM item) AS s
SELECT s.note FROM (SELECT id, kind::text AS note FROM item) AS s
SELECT note FROM (SELECT kind AS note FROM item) AS s
SELECT s.a FROM (SELECT note AS a FROM item) AS s
WITH item AS (SELECT id, note FROM other) SELECT note FROM item
WITH i AS (UPDATE item SET kind = 2 RETURNING id) SELECT * FROM i
WITH i AS (UPDATE item SET note = 'b' RETURNING id) SELECT id FROM i
SELECT kind AS note FROM item ORDER BY note
SELECT kind FROM item ORDER BY note
SELECT kind FROM item UNION SELECT id FROM other ORDER BY kind
SELECT id FROM other UNION ALL SELECT length(note) FROM item
SELECT note FROM archive.item
SELECT item.note FROM archive.item
SELECT note FROM public.item
SELECT "Note" FROM "Odd ""Item"
SELECT id FROM shown
SELECT id FROM item WHERE (note, kind) = ('a', 1)
SELECT l.note FROM other o, LATERAL (SELECT note FROM item WHERE item.id = o.item) AS l
SELECT o.id FROM other o, LATERAL (SELECT o.note FROM item WHERE item.id = o.item) AS l
SELECT max(note) OVER (PARTITION BY kind) FROM item
SELECT t.b FROM item AS t (a, b)
INSERT INTO item VALUES (7, 'g', 1, 1)
INSERT INTO item (id, kind) VALUES (8, 1)
INSERT INTO item (id) VALUES (2) ON CONFLICT (note) DO NOTHING
INSERT INTO item (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET note = 'x'
INSERT INTO item (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind
INSERT INTO item (id) VALUES (9) RETURNING note
INSERT INTO item (id) VALUES (9) RETURNING id
INSERT INTO other (id, note) SELECT id + 100, note FROM item
INSERT INTO other (id, note) SELECT id + 100, kind::text FROM item
UPDATE item SET (kind, note) = (1, 'x')
UPDATE item SET kind = 1 FROM other WHERE other.note = 'x'
UPDATE other SET note = 'x' FROM item WHERE item.id = other.item
DELETE FROM item USING other WHERE item.id = other.item AND other.note = 'x'
DELETE FROM other USING item WHERE item.note = other.note
MERGE INTO item USING other ON item.id = other.id WHEN MATCHED THEN UPDATE SET note = 'x'
MERGE INTO item USING other ON item.id = other.id WHEN MATCHED THEN UPDATE SET kind = 1
MERGE INTO other USING item ON item.id = other.id WHEN MATCHED THEN UPDATE SET note = item.note
DECLARE c CURSOR FOR SELECT note FROM item
PREPARE p AS SELECT note FROM item
PREPARE q AS SELECT kind FROM item
COPY item (id, note) TO STDOUT
COPY item (id, kind) TO STDOUT
COPY (SELECT kind FROM item) TO STDOUT
TRUNCATE item
INSERT INTO other (id, item) VALUES (50, 1)
INSERT INTO other VALUES (50, 'x', 1)
INSERT INTO other (id, note) VALUES (51, 'z')
UPDATE other SET item = 1
UPDATE other SET note = 'x'
DELETE FROM other
DELETE FROM kind_of WHERE id = 9
UPDATE kind_of SET id = 10 WHERE id = 9
UPDATE kind_of SET label = 'x'
INSERT INTO kind_of VALUES (11)
DELETE FROM owner WHERE id = 9
SELECT label FROM kind_of
SELECT note FROM event
SELECT 1 FROM other WHERE note = 'item'
"""


@pytest.fixture
def shop(any_database: DatabaseUrl) -> DatabaseUrl:
    with connected(any_database) as connection:
        for statement in TABLES.split(";\n"):
            connection.execute(statement.encode())
    return any_database


def test_what_statements_use_is_what_the_server_misses(shop: DatabaseUrl) -> None:
    statistics = read(shop, user="postgres")
    sent = [s for s in STATEMENTS.splitlines() if s]
    target = with_statements(statistics, sent)
    expected, found = {}, {}
    with connected(shop) as connection:
        version = connection.info.server_version
        for sql in sent:
            if version < 150000 and sql.startswith("MERGE"):
                continue
            expected[sql] = truth(connection, sql)
            found[sql] = told(target, sql)

    assert len(found) > 60
    assert expected == found


def truth(connection: psycopg.Connection, sql: str) -> tuple[bool, bool]:
    """Whether it locks `item`, and whether it fails or gives less once `note` is gone."""
    with connection.transaction(force_rollback=True):
        before = answer(connection, sql)
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE relation = 'public.item'::regclass"
            " AND pid = pg_backend_pid() AND mode <> 'AccessExclusiveLock'"
            if not sql.startswith("TRUNCATE")
            else "SELECT 1"
        ).fetchone()
    with connection.transaction(force_rollback=True):
        connection.execute("ALTER TABLE public.item DROP COLUMN note CASCADE")
        after = answer(connection, sql)
    assert row is not None
    return row[0] > 0, before != after


def answer(connection: psycopg.Connection, sql: str) -> object:
    """The columns and rows that it gives; what the server says where it refuses it."""
    try:
        with connection.transaction(), connection.cursor() as cursor:
            if sql.startswith("COPY"):
                with cursor.copy(sql.encode()) as copy:
                    return list(copy)
            cursor.execute(sql.encode())
            if sql.startswith("PREPARE"):
                cursor.execute(f"EXECUTE {sql.split()[1]}".encode())
            if sql.startswith("DECLARE"):
                cursor.execute("FETCH c")
            rows = cursor.fetchall() if cursor.description else []
            return [column.name for column in cursor.description or ()], rows
    except psycopg.Error as error:
        return error.sqlstate
    finally:
        if sql.startswith("PREPARE"):
            with suppressed(connection):
                connection.execute(f"DEALLOCATE {sql.split()[1]}".encode())


@contextmanager
def suppressed(connection: psycopg.Connection) -> Iterator[None]:
    try:
        with connection.transaction():
            yield
    except psycopg.Error:
        pass


def told(target: TargetStatistics, sql: str) -> tuple[bool, bool]:
    direct = {s.sql: uses for s, uses in senders(target, "public.item")}
    through = {s.sql for s, _, __ in senders_through_views(target, "public.item")}
    keys = {s.sql for s in senders_through_keys(target, "public.item", LockMode.ACCESS_EXCLUSIVE)}
    uses = direct.get(sql)
    return sql in {*direct, *through, *keys}, uses is not None and uses.takes(
        "note", {"public.item"}
    )


def with_statements(statistics: TargetStatistics, sent: list[str]) -> TargetStatistics:
    statements = tuple(ApplicationStatement(sql, 1, 1.0, 0.1) for sql in sent)
    return replace(
        statistics,
        statements=statements,
        views=(("public.shown", "public.item"),),
        references=(
            Reference("public.item", ("kind",), "public.kind_of", ("id",)),
            Reference("public.item", ("other",), "public.owner", ("id",), cascades=True),
            Reference("public.other", ("item",), "public.item", ("id",)),
        ),
    )
