"""Views of PostgreSQL 14 and 15, in the spelling of 16 and newer."""

from __future__ import annotations

import pytest

from lockgate.postgres.catalog.spelling import settle

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
    assert new == settle("view", old)


@pytest.mark.parametrize("definition", LEFT_ALONE)
def test_a_query_over_several_relations_stays(definition: str) -> None:
    assert definition == settle("materialized view", definition)


def test_nothing_but_views_is_touched() -> None:
    assert "SELECT t.a FROM t" == settle("function", "SELECT t.a FROM t")
