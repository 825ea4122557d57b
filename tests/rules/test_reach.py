"""How many rows an UPDATE is said to write, by its WHERE and by what a target's statistics say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockgate.core.finding import Severity
from lockgate.core.target import ColumnStatistics
from tests.forecast.test_forecast import star, target
from tests.rules.test_sql_cases import findings

EVERY, NULLS, OPEN, NOTHING = "every row of", "without a value in", "its WHERE finds", ""
WHERES = [
    ("id > 0", EVERY),
    ("id >= 1 AND id IS NOT NULL", EVERY),
    ("id <> 0", EVERY),
    ("id > 1", OPEN),
    ("n > 0", OPEN),
    ("note IS NULL", NULLS),
    ("people.note IS NULL OR id = 3", NULLS),
    ("note IS NOT DISTINCT FROM NULL", NULLS),
    ("note IS NULL AND id BETWEEN 1 AND 500", NOTHING),
    ("note IS NULL AND n > 3", OPEN),
    ("id IS NULL", NOTHING),
    ("note IS NOT NULL", OPEN),
    ("note <> 'a'", OPEN),
    ("NOT note = 'a'", OPEN),
    ("note LIKE 'a%'", OPEN),
    ("length(note) > 3", OPEN),
    ("note = 'a'", NOTHING),
    ("id = ANY ('{1,2}')", NOTHING),
    ("id IN (1, 2)", NOTHING),
    ("id > 10 AND id <= 20", NOTHING),
    ("10 < id AND id < 20", NOTHING),
    ("id > 10 AND n < 20", OPEN),
    ("id = 1 OR n < 20", OPEN),
    ("id IN (SELECT id FROM people WHERE note IS NULL LIMIT 100)", NOTHING),
    ("ctid BETWEEN '(0,0)' AND '(99,0)'", NOTHING),
    ("ctid >= '(0,0)' AND ctid < '(99,0)'", NOTHING),
]
SEVERITIES = {EVERY: Severity.WARNING, NULLS: Severity.WARNING, OPEN: Severity.INFO}


@pytest.mark.parametrize(("where", "words"), WHERES)
def test_rows_that_a_where_chooses_weigh_by_its_text(where: str, words: str) -> None:
    found = findings(f"UPDATE people SET best = 1 WHERE {where};")

    assert [f.severity for f in found] == ([SEVERITIES[words]] if words else [])
    assert all(words in f.message for f in found)


MOSTLY_NEW = ColumnStatistics("note", 4, 0.1, 5, None, (0.6, 0.2))
FILLED = ColumnStatistics("note", 4, 0.001, -0.9, None)


@pytest.mark.parametrize(
    ("where", "column", "rows", "severity", "words"),
    [
        ("note = 'new'", MOSTLY_NEW, 1_000_000, Severity.WARNING, "about 600,000 rows"),
        ("note = 'new'", FILLED, 1_000_000, None, ""),
        ("note IS NULL", FILLED, 1_000_000, Severity.INFO, "about 1,000 rows"),
        ("note IS NULL", MOSTLY_NEW, 1_000_000, Severity.WARNING, "about 100,000 rows"),
        ("note IS NOT NULL", FILLED, 1_000_000, Severity.WARNING, "about 999,000 rows"),
        ("note = 'new'", MOSTLY_NEW, 9_000, None, ""),
        ("id > 0", FILLED, 900, Severity.WARNING, "900 rows, and in use"),
        ("note LIKE 'a%'", FILLED, 1_000_000, Severity.INFO, "1,000,000 rows"),
    ],
)
def test_rows_that_a_where_chooses_weigh_by_the_statistics_of_a_target(
    where: str, column: ColumnStatistics, rows: int, severity: Severity | None, words: str
) -> None:
    table = replace(star(rows, name="public.people"), columns=(column,))

    found = findings(f"UPDATE people SET best = 1 WHERE {where};", target=target(table))

    assert [f.severity for f in found] == ([severity] if severity else [])
    assert all(words in f.message for f in found)
