"""Made-up rows: they meet constraints, follow statistics, and hold nothing of the target."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lockgate.core.filled import Filled
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.fill import fill
from lockgate.postgres.servers import Server, create_database
from lockgate.postgres.statistics import read_statistics
from tests.conftest import NUMBERS
from tests.forecast.test_statistics import connected

SECRET = "attila-the-hun-4711"

STRUCTURE = """
CREATE TYPE level AS ENUM ('raw', 'calibrated', 'final');
CREATE DOMAIN percent AS integer CHECK (VALUE >= 0 AND VALUE <= 100);
CREATE TABLE observatory (
    code varchar(8) PRIMARY KEY,
    country char(2) NOT NULL CHECK (country IN ('de', 'fr', 'nl')),
    contact text NOT NULL
);
CREATE TABLE telescope (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    observatory varchar(8) NOT NULL REFERENCES observatory,
    name text NOT NULL,
    successor bigint REFERENCES telescope,
    UNIQUE (observatory, name)
);
CREATE TABLE image (
    id uuid PRIMARY KEY,
    telescope bigint NOT NULL REFERENCES telescope (id),
    level level NOT NULL,
    quality percent,
    exposure numeric(6, 2) NOT NULL CHECK (exposure > 0 AND exposure <= 3600),
    starts timestamptz NOT NULL,
    ends timestamptz,
    attempts smallint NOT NULL DEFAULT 1 CHECK (attempts BETWEEN 1 AND 3),
    note text,
    tags text[] NOT NULL DEFAULT '{}',
    header jsonb,
    checksum bytea,
    filter varchar(4) CHECK (char_length(filter) = 4),
    doubled int GENERATED ALWAYS AS (attempts * 2) STORED,
    odd int CHECK (odd % 2 = 1),
    CHECK (ends > starts)
);
CREATE INDEX image_starts ON image (starts);
CREATE UNIQUE INDEX image_note ON image (lower(note));
CREATE TABLE image_tag (
    image uuid REFERENCES image, position smallint, tag text, PRIMARY KEY (image, position)
);
CREATE TABLE reading (
    day date NOT NULL, sensor int NOT NULL, value float8, PRIMARY KEY (day, sensor)
) PARTITION BY RANGE (day);
CREATE TABLE reading_2024 PARTITION OF reading FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE reading_2025 PARTITION OF reading FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE crew (id int PRIMARY KEY, ship int);
CREATE TABLE ship (id int PRIMARY KEY, captain int NOT NULL REFERENCES crew);
ALTER TABLE crew ADD FOREIGN KEY (ship) REFERENCES ship;
CREATE TABLE booking (during int4range, EXCLUDE USING gist (during WITH &&));
CREATE TABLE impossible (a int NOT NULL CHECK (a <> a));
CREATE TABLE empty_one (a int);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'triggers fire'; END $$;
"""

TRIGGER = """
CREATE TRIGGER refuse BEFORE INSERT ON image FOR EACH ROW EXECUTE FUNCTION refuse()
"""

ROWS = f"""
INSERT INTO observatory
SELECT 'obs' || n, (ARRAY['de', 'fr', 'nl'])[1 + n % 3], '{SECRET}'
  FROM generate_series(1, 40) AS n;
INSERT INTO telescope (observatory, name, successor)
SELECT 'obs' || 1 + n % 40, '{SECRET} ' || n, nullif(n % 5, 0)
  FROM generate_series(1, 400) AS n;
INSERT INTO image (id, telescope, level, quality, exposure, starts, ends, attempts, note, tags,
                   header, checksum, filter, odd)
SELECT md5(n::text)::uuid, 1 + n % 400,
       (CASE WHEN n % 10 < 7 THEN 'raw' WHEN n % 10 < 9 THEN 'calibrated' ELSE 'final' END)::level,
       CASE WHEN n % 4 > 0 THEN n % 101 END, 1 + n % 3000, now() + n * interval '1 minute',
       CASE WHEN n % 2 = 0 THEN now() + n * interval '1 minute' + interval '1 hour' END,
       1 + n % 3, CASE WHEN n % 5 = 0 THEN '{SECRET} note ' || n END, ARRAY['{SECRET}', 'b'],
       jsonb_build_object('{SECRET}', n), '\\x00ff00ff', '{SECRET[:4]}', 2 * n + 1
  FROM generate_series(1, 20000) AS n;
INSERT INTO image_tag
SELECT md5(n::text)::uuid, p, '{SECRET}'
  FROM generate_series(1, 5000) AS n, generate_series(1, 3) AS p;
INSERT INTO reading
SELECT date '2024-01-01' + n % 700, n / 700, n FROM generate_series(1, 9000) AS n;
INSERT INTO crew SELECT n FROM generate_series(1, 100) AS n;
INSERT INTO ship SELECT n, n FROM generate_series(1, 10) AS n;
UPDATE crew SET ship = 1;
INSERT INTO booking SELECT int4range(2 * n, 2 * n + 1) FROM generate_series(1, 500) AS n;
ALTER TABLE impossible DROP CONSTRAINT impossible_a_check;
INSERT INTO impossible SELECT n FROM generate_series(1, 100) AS n;
ALTER TABLE impossible ADD CONSTRAINT impossible_a_check CHECK (a <> a) NOT VALID;
ANALYZE
"""


@dataclass(frozen=True)
class Pair:
    """A target with rows, and a scratch database that was filled like it."""

    scratch: DatabaseUrl
    target: DatabaseUrl
    filled: Filled
    numbers: tuple[object, object]  # of the planner, on either side, before anybody analyzes again
    visible: tuple[float, float]


FRACTION = 0.5
NUMBERS_OF_IMAGE = (
    "SELECT array_agg((attname, null_frac, avg_width, n_distinct, correlation)::text"
    " ORDER BY attname) FROM pg_stats WHERE tablename = 'image' AND correlation IS NOT NULL"
)


VISIBLE = (
    "SELECT relallvisible::float8 / (pg_relation_size(oid) / 8192)"
    " FROM pg_class WHERE relname = 'image_tag'"
)


@pytest.fixture(scope="module")
def pairs() -> dict[int, Pair]:
    return {}


@pytest.fixture
def pair(any_server: Server, pairs: dict[int, Pair], request: pytest.FixtureRequest) -> Pair:
    """One pair for each major, made once."""
    major = any_server.binaries.major
    if major not in pairs:
        target = create_database(any_server.url, f"target_{next(NUMBERS)}")
        scratch = create_database(any_server.url, f"scratch_{next(NUMBERS)}")
        with connected(target) as connection:
            connection.execute("SET synchronous_commit = on")  # or VACUUM marks no page
            connection.execute(STRUCTURE.encode())
            connection.execute(ROWS.encode())
            connection.execute("VACUUM image_tag")
            connection.execute("UPDATE image_tag SET tag = 'x' WHERE ctid < '(40,1)'")
            connection.execute("ANALYZE")
            statistics = read_statistics(connection)
        with connected(scratch) as connection:
            connection.execute((STRUCTURE + TRIGGER).encode())
            filled = fill(connection, statistics, FRACTION)
        numbers = ask(target, NUMBERS_OF_IMAGE), ask(scratch, NUMBERS_OF_IMAGE)
        visible = float(str(ask(target, VISIBLE))), float(str(ask(scratch, VISIBLE)))
        pairs[major] = Pair(scratch, target, filled, numbers, visible)
    return pairs[major]


def ask(url: DatabaseUrl, sql: str) -> object:
    with connected(url) as connection:
        row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def test_every_table_that_can_be_filled_has_its_share(pair: Pair) -> None:
    asked = {t.name: (t.asked, t.rows) for t in pair.filled.tables}

    assert {
        "public.booking": (250, 250),
        "public.crew": (50, 50),
        "public.empty_one": (0, 0),
        "public.image": (10_000, 10_000),
        "public.image_tag": (7_500, 7_500),
        "public.impossible": (50, 0),
        "public.observatory": (20, 20),
        "public.reading_2024": (2_379, 2_379),  # of 12 or 13 rows for each of 366 days
        "public.reading_2025": (2_122, 2_122),
        "public.ship": (5, 5),
        "public.telescope": (200, 200),
    } == {
        name: (a, ask(pair.scratch, f"SELECT count(*) FROM {name}"))
        for name, (a, _) in asked.items()
    }
    assert all(
        rows == ask(pair.scratch, f"SELECT count(*) FROM {n}") for n, (_, rows) in asked.items()
    )


def test_a_table_whose_constraint_nothing_meets_is_named(pair: Pair) -> None:
    (problem,) = pair.filled.problems

    assert "public.impossible" == problem.name
    assert "only 0 of 50 rows meet its constraints: impossible_a_check" == problem.problem


def test_every_constraint_holds_when_it_is_validated_anew(pair: Pair) -> None:
    with connected(pair.scratch) as connection:
        constraints = connection.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype"
            " FROM pg_constraint WHERE contype IN ('f', 'c') AND conrelid <> 0 AND conparentid = 0"
        ).fetchall()
        for table, name, definition, _ in constraints:
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}".encode())
        connection.execute("REINDEX SCHEMA public")

    assert 8 <= len(constraints)


def test_nulls_distinct_values_widths_and_order_follow_the_target(pair: Pair) -> None:
    with connected(pair.scratch) as scratch, connected(pair.target) as target:
        scratch.execute("ANALYZE")  # where the target's own numbers were carried over
        ours = read_statistics(scratch).relation("public.image")
        theirs = read_statistics(target).relation("public.image")

    assert ours is not None
    assert theirs is not None
    for column in theirs.columns:
        made = ours.column(column.name)
        assert made is not None, column.name
        assert made.null_fraction == pytest.approx(column.null_fraction, abs=0.03), column.name
        if column.name not in ("header", "checksum", "tags"):
            assert made.width == pytest.approx(column.width, abs=3), column.name
        if column.distinct > 0 and column.name not in ("exposure", "telescope"):
            assert made.distinct == pytest.approx(column.distinct, rel=0.1), column.name
        if column.distinct + column.null_fraction <= -0.99 or column.distinct == -1:
            assert made.distinct == pytest.approx(column.distinct, rel=0.05), column.name
    level = ours.column("level")
    assert level is not None
    assert [0.7, 0.2, 0.1] == pytest.approx(level.common, abs=0.03)
    starts = ours.column("starts")
    assert starts is not None
    assert starts.correlation is not None
    assert starts.correlation > 0.95
    assert ours.heap_bytes == pytest.approx(theirs.heap_bytes * FRACTION, rel=0.25)


def test_no_value_of_the_target_is_on_scratch(pair: Pair) -> None:
    with connected(pair.target) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = 'public'::regnamespace"
            )
        ]
        said = connection.execute(
            "SELECT count(*) FROM pg_stats WHERE pg_stats::text LIKE %s", (f"%{SECRET}%",)
        )
        assert (0,) < (said.fetchone() or (0,))  # it is in the target's statistics
    with connected(pair.scratch) as connection:
        for table in [*tables, "pg_statistic", "pg_stats"]:
            text = (
                "t::text" if table != "pg_statistic" else "t.stavalues1::text || t.stavalues2::text"
            )
            found = connection.execute(
                f"SELECT count(*) FROM {table} AS t WHERE {text} LIKE %s".encode(), (f"%{SECRET}%",)
            ).fetchone()
            assert (0,) == found, table
        binary = connection.execute(
            "SELECT count(*) FROM image WHERE checksum = '\\x00ff00ff' OR filter = %s",
            (SECRET[:4],),
        ).fetchone()
    assert (0,) == binary


def test_sequences_go_on_behind_the_made_up_rows(pair: Pair) -> None:
    with connected(pair.scratch) as connection, connection.transaction(force_rollback=True):
        connection.execute(
            "INSERT INTO telescope (observatory, name) SELECT code, 'new' FROM observatory LIMIT 1"
        )


def test_the_planner_of_scratch_goes_by_the_targets_numbers(pair: Pair) -> None:
    theirs, ours = pair.numbers

    assert theirs == ours
    assert pair.filled.statistics.startswith("the target's null fractions")


def test_an_index_answers_alone_for_as_many_pages_as_on_the_target(pair: Pair) -> None:
    theirs, ours = pair.visible

    assert theirs == pytest.approx(ours, abs=0.02)
    assert 0.4 < ours < 1  # an UPDATE came after the VACUUM
