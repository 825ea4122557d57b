"""Made-up rows for every kind of type, constraint and reference that a table may have."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from lockgate.core.made_up.patterns import fitted, read_like, read_pattern
from lockgate.core.target import (
    ColumnStatistics,
    RelationStatistics,
    ServerSettings,
    TargetStatistics,
)
from lockgate.postgres.fill import fill
from lockgate.postgres.servers import Server, create_database
from tests.conftest import NUMBERS
from tests.forecast.test_statistics import connected

ROWS = 100

STRUCTURE = r"""
CREATE TYPE price AS (currency char(3), cents bigint);
CREATE TYPE offer AS (label text, price price, seen timestamptz[]);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TYPE words AS RANGE (subtype = text);
CREATE DOMAIN email AS text CHECK (VALUE ~ '^[^@]+@[a-z0-9.-]+\.[a-z]{2,}$');
CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN percent AS positive CHECK (VALUE <= 100);
CREATE DOMAIN cost AS price;
CREATE DOMAIN below_ten AS int CHECK (VALUE < 10);

CREATE TABLE composite (id int PRIMARY KEY, a price NOT NULL, b offer NOT NULL, c price[] NOT NULL,
    d cost NOT NULL);
CREATE TABLE ranges (id int PRIMARY KEY, a int4multirange NOT NULL, b tstzmultirange NOT NULL,
    c span NOT NULL, d words NOT NULL, e datemultirange[] NOT NULL, f int4range[] NOT NULL,
    g numrange UNIQUE);
CREATE TABLE objects (id int PRIMARY KEY, a regclass NOT NULL, b regtype NOT NULL,
    c regproc NOT NULL, d regprocedure NOT NULL, e regrole NOT NULL, f regnamespace NOT NULL,
    g regoper NOT NULL, h regoperator NOT NULL, i regconfig NOT NULL, j regdictionary NOT NULL);
CREATE TABLE inner_types (id int PRIMARY KEY, a xid NOT NULL, b cid NOT NULL, c xid8 NOT NULL,
    d tid NOT NULL, e pg_snapshot NOT NULL, f txid_snapshot NOT NULL, g jsonpath NOT NULL,
    h aclitem NOT NULL, i line NOT NULL, j int2vector NOT NULL, k "char" NOT NULL);
CREATE TABLE domains (id int PRIMARY KEY, a email UNIQUE NOT NULL, b percent, c percent[] NOT NULL,
    d email[] NOT NULL, e below_ten NOT NULL);
CREATE TABLE arrays (id int PRIMARY KEY, a mood[] NOT NULL, b varchar(4)[] NOT NULL,
    c numeric(4, 2)[] NOT NULL, d text[] NOT NULL CHECK (cardinality(d) = 3));
CREATE TABLE patterns (id int PRIMARY KEY, a text NOT NULL CHECK (a LIKE 'A%'),
    b text NOT NULL CHECK (b = upper(b)), c text UNIQUE NOT NULL CHECK (c ~ '^[A-Z]{2}-\d{4}$'),
    d varchar(10) NOT NULL CHECK (d ~* '^(red|green)_[[:alpha:]]+$'));
CREATE TABLE two_uniques (a mood NOT NULL, b bool NOT NULL, c int NOT NULL, d text,
    PRIMARY KEY (a, b, c), UNIQUE (c, d));
CREATE TABLE tree (id int PRIMARY KEY, parent int NOT NULL REFERENCES tree);
CREATE TABLE forest (forest int, id int, parent int NOT NULL, PRIMARY KEY (forest, id),
    FOREIGN KEY (forest, parent) REFERENCES forest);
CREATE TABLE hen (id int PRIMARY KEY, egg int NOT NULL);
CREATE TABLE egg (id int PRIMARY KEY, hen int NOT NULL REFERENCES hen);
ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE base (id int PRIMARY KEY CHECK (id > 0), v text NOT NULL);
CREATE TABLE heir (extra mood NOT NULL) INHERITS (base);
CREATE TABLE hashed (id int PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE to_hashed (id int PRIMARY KEY, hashed int NOT NULL REFERENCES hashed);
CREATE TABLE either (id int PRIMARY KEY,
    kind text NOT NULL CHECK (kind = 'a' OR kind IN ('b', 'c') OR kind IS NULL));
CREATE TABLE listed (kind int NOT NULL) PARTITION BY LIST (kind);
CREATE TABLE listed_1 PARTITION OF listed FOR VALUES IN (1, 2);
CREATE TABLE listed_rest PARTITION OF listed DEFAULT;
CREATE TABLE generated (a int NOT NULL, b int GENERATED ALWAYS AS (a * 2) STORED UNIQUE);
"""
KIND = (ColumnStatistics("kind", 4, 0.0, 3.0, 0.0, (0.4, 0.3, 0.3)),)
SETTINGS = ServerSettings(1, 1, 1, 1, 0, 100, "replica", fsync=True, full_page_writes=True)


def test_every_type_and_every_kind_of_reference_gets_rows_that_hold(any_server: Server) -> None:
    url = create_database(any_server.url, f"types_{next(NUMBERS)}")
    with connected(url) as connection:
        connection.execute(STRUCTURE.encode())
        names = connection.execute(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        relations = tuple(
            RelationStatistics(
                f"public.{name}",
                "table",
                ROWS,
                True,
                8_192,
                0,
                columns=KIND if name in ("either", "listed_rest") else (),
            )
            for (name,) in names
        )
        target = TargetStatistics(
            140_000, datetime(2026, 1, 1, tzinfo=UTC), relations, SETTINGS, None, ""
        )

        filled = fill(connection, target, 1.0)

        told = [(t.name, t.rows, t.problem, t.notes) for t in filled.tables]
        assert [] == [one for one in told if one[2] or one[3] or one[1] < 0.8 * ROWS]
        constraints = connection.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE contype IN ('f', 'c') AND conrelid <> 0"
            " AND conparentid = 0 AND coninhcount = 0"
        ).fetchall()
        for table, name, definition in constraints:
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}".encode())
        row = connection.execute("SELECT count(DISTINCT hen) FROM egg").fetchone()
        either = connection.execute("SELECT count(DISTINCT kind) FROM either").fetchone()
        kinds = connection.execute("SELECT count(DISTINCT kind) FROM listed_rest").fetchone()

    assert len(constraints) >= 10
    assert (3,) == kinds == either
    assert (ROWS,) == row  # whichever came first points later, to one each


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[^@]+@[^@]+\.[a-z]{2,4}$",
        r"^\+?[0-9]{3,15}$",
        r"^[A-Z][a-z]*(-[a-z]+){2}$",
        r"^(?:sha256|md5):[0-9a-f]{8}$",
        r"^\d{4}-\d\d$",
        r"[]x-]+.",
    ],
)
def test_texts_match_the_pattern_that_they_are_made_from(pattern: str) -> None:
    places = read_pattern(pattern)

    assert places is not None
    for distinct in (1, 10**6):
        chosen = fitted(places, distinct=distinct, shortest=0, longest=None)
        for nth in (0, -1):
            text = "".join(place.characters[nth] * place.least for place in chosen)
            assert re.search(pattern, text), text


@pytest.mark.parametrize("pattern", [r"^(?!no)", r"\mword", "a**", "(a", "[a", r"a{x}", r"(a)\1"])
def test_a_pattern_that_is_not_understood_is_not_guessed(pattern: str) -> None:
    assert read_pattern(pattern) is None


def test_a_like_has_its_fixed_characters() -> None:
    places = read_like(r"a\%_%")

    assert places is not None
    assert ["a", "%"] == [place.characters for place in places[:2]]
    assert [(1, 1), (0, 1_000)] == [(place.least, place.most) for place in places[2:]]
