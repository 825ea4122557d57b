"""What older majors spell otherwise than the newest one, in its spelling."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lockgate.core.catalog import CatalogObject
from lockgate.postgres.catalog.spelling import NEW_KEYWORDS, settle
from lockgate.postgres.servers import Server
from tests.catalog.conftest import connect, read, run
from tests.conftest import NewDatabase


def settled(kind: str, definition: str) -> str:
    return settle(CatalogObject(kind, "s.x", definition), 150_018).definition


SETTLED = {
    "SELECT t.a FROM s.t WHERE (t.a > 0);": "SELECT a FROM s.t WHERE (a > 0);",
    "SELECT x.a FROM s.t x;": "SELECT a FROM s.t x;",
    'SELECT "t.t"."t.a" FROM "t.t";': 'SELECT "t.a" FROM "t.t";',
    "SELECT t.a FROM t.t;": "SELECT a FROM t.t;",
    "SELECT 't.a' AS x, t.b FROM s.t;": "SELECT 't.a' AS x, b FROM s.t;",
    "SELECT t.a::t.e AS a FROM s.t;": "SELECT a::t.e AS a FROM s.t;",
    "SELECT t.f(t.a) AS a FROM s.t;": "SELECT t.f(a) AS a FROM s.t;",
    'SELECT t.a COLLATE t."x" AS a FROM s.t;': 'SELECT a COLLATE t."x" AS a FROM s.t;',
    "SELECT t.* AS r FROM s.t;": "SELECT t.* AS r FROM s.t;",
    "SELECT f.g FROM s.f(1) WITH ORDINALITY f(g, n);": (
        "SELECT g FROM s.f(1) WITH ORDINALITY f(g, n);"
    ),
    "SELECT t.a FROM s.t TABLESAMPLE system (t);": "SELECT a FROM s.t TABLESAMPLE system (t);",
    "SELECT t.a, ( SELECT max(t.b) FROM u WHERE (u.a = t.a)) AS m FROM t;": (
        "SELECT a, ( SELECT max(t.b) FROM u WHERE (u.a = t.a)) AS m FROM t;"
    ),
    "SELECT q.a FROM ( SELECT t.a FROM t) q;": "SELECT a FROM ( SELECT t.a FROM t) q;",
    "WITH t AS ( SELECT t.a FROM t) SELECT t.a FROM t;": (
        "WITH t AS ( SELECT t.a FROM t) SELECT a FROM t;"
    ),
    "SELECT DISTINCT ON (t.b) t.a FROM t ORDER BY t.b, t.a;": (
        "SELECT DISTINCT ON (b) a FROM t ORDER BY b, a;"
    ),
    "SELECT t.b AS a FROM t ORDER BY t.a;": "SELECT b AS a FROM t ORDER BY t.a;",
}

LEFT_ALONE = [
    "SELECT t.a FROM t, u;",
    "SELECT t.a FROM (t JOIN u ON ((t.a = u.a)));",
    "SELECT t.a FROM t UNION SELECT t.a FROM t;",
    "VALUES (1), (2);",
    "SELECT 1 AS a;",
]


@pytest.mark.parametrize(("old", "new"), SETTLED.items(), ids=SETTLED.keys())
def test_the_only_relation_goes_before_its_columns(old: str, new: str) -> None:
    assert new == settled("view", old)


@pytest.mark.parametrize("definition", LEFT_ALONE)
def test_a_query_over_several_relations_stays(definition: str) -> None:
    assert definition == settled("materialized view", definition)


def test_nothing_but_views_is_touched() -> None:
    assert "SELECT t.a FROM t" == settled("function", "SELECT t.a FROM t")


def test_new_keywords_are_those_that_the_server_quotes(any_server: Server) -> None:
    words = [word for new in NEW_KEYWORDS.values() for word in new]
    version = any_server.binaries.major * 10_000

    with connect(any_server.url) as connection:
        answer = connection.execute(
            "SELECT w FROM unnest(%s::text[]) AS w WHERE quote_ident(w) <> w", [words]
        )
        quoted = {word for (word,) in answer}

    assert quoted == {w for since, new in NEW_KEYWORDS.items() if since <= version for w in new}


KEYWORDS_IN_USE = """
CREATE TABLE json (json json, json_value text DEFAULT 'json_value', "system_user" int);
CREATE INDEX json_table ON json (json_value) WHERE "system_user" > 0 AND json_value <> 'json';
CREATE VIEW merge_action AS
    SELECT json.json, json_value, json::text AS json_query, '1'::json AS c FROM json;
CREATE FUNCTION "json_object"("json_exists" json) RETURNS json
    LANGUAGE sql AS 'SELECT "json_exists"';
"""


def test_keywords_in_use_have_one_spelling(
    server: Server, any_server: Server, new_database: NewDatabase
) -> None:
    newest, other = new_database(server), new_database(any_server)
    for url in (newest, other):
        run(url, KEYWORDS_IN_USE)

    expected = [found for found in read(newest).objects if not found.cosmetic]
    assert expected == [found for found in read(other).objects if not found.cosmetic]


def test_a_fingerprint_says_for_which_majors_it_holds(
    servers_by_major: Callable[[int], Server], new_database: NewDatabase
) -> None:
    old = new_database(servers_by_major(15))
    run(old, "CREATE COLLATION tagged (provider = icu, locale = 'de-AT-u-co-phonebk')")
    before = read(old).majors

    run(old, "CREATE COLLATION spelled (provider = icu, locale = 'de_AT@collation=phonebook')")

    assert (14, 15, 16, 17, 18) == before
    assert (14, 15) == read(old).majors
