"""What is said of things that hang on what a change drops, renames or empties."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from lockgate.core.effects import Structure
from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import UnitLinter, by_subject
from lockgate.core.refusals import follow
from lockgate.core.rule import Unit
from lockgate.core.script import read_script
from lockgate.core.sql.trees import parse
from lockgate.core.statement import Direction
from lockgate.core.target import TargetStatistics
from lockgate.workflows.linting import choose_rules
from tests.forecast.test_forecast import PKEY, star, target

SCHEMA = """
CREATE TABLE people (id int PRIMARY KEY);
CREATE TABLE orders (
    id int PRIMARY KEY, note text, a int, b int, c int, total bigint,
    buyer int REFERENCES people ON DELETE CASCADE
);
CREATE INDEX orders_buyer ON orders (buyer) WHERE buyer IS NOT NULL;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NEW.note := lower(NEW.note); RETURN NEW; END';
CREATE FUNCTION counted() RETURNS bigint LANGUAGE plpgsql
    AS 'BEGIN RETURN (SELECT count(note) FROM orders); END';
CREATE FUNCTION noted() RETURNS bigint LANGUAGE sql AS 'SELECT count(note) FROM orders';
CREATE FUNCTION other() RETURNS bigint LANGUAGE sql AS 'SELECT count(note) FROM bills AS orders';
CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER of_a BEFORE UPDATE OF a ON orders FOR EACH STATEMENT EXECUTE FUNCTION nothing();
CREATE TRIGGER when_b BEFORE UPDATE ON orders FOR EACH ROW WHEN (OLD.b > 0)
    EXECUTE FUNCTION nothing();
CREATE POLICY own ON orders USING (c > 0);
CREATE VIEW everybody AS SELECT * FROM people;
ALTER TABLE people ADD COLUMN late int;
"""
ANEW = "CREATE OR REPLACE FUNCTION {} LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
BREAKS_WRITES = "breaks every write to orders that fires trigger touched, whose function asks for"
CASES = [
    (
        "ALTER TABLE orders DROP COLUMN note;",
        "LG037",
        [
            f"{BREAKS_WRITES} note",
            "breaks function counted and function noted, which name note of orders",
        ],
    ),
    ("ALTER TABLE orders RENAME note TO remark;", "LG037", [f"{BREAKS_WRITES} note", "function"]),
    ("ALTER TABLE orders RENAME TO bills;", "LG037", ["counted and function noted, which name"]),
    ("ALTER TABLE orders RENAME TO bills; CREATE VIEW orders AS SELECT 1;", "LG037", []),
    ("DROP TABLE orders;", "LG037", ["function counted and function noted, which name orders"]),
    ("ALTER TABLE orders DROP COLUMN total;", "LG037", []),
    (
        "ALTER TABLE orders DROP note;"
        + ANEW.format("touch() RETURNS trigger")
        + "DROP FUNCTION counted(); DROP FUNCTION noted();",
        "LG037",
        [],
    ),
    ("ALTER TABLE orders DROP a;", "LG033", ["fails: trigger of_a uses a of orders"]),
    ("ALTER TABLE orders DROP b;", "LG033", ["fails: trigger when_b uses b of orders"]),
    ("ALTER TABLE orders DROP c;", "LG033", ["fails: policy own uses c of orders"]),
    ("ALTER TABLE orders ALTER c TYPE bigint;", "LG050", ["fails: policy own uses c of orders"]),
    ("ALTER TABLE people DROP COLUMN late;", "LG033", []),
    ("ALTER TABLE people DROP COLUMN id;", "LG033", ["view everybody use id of people"]),
    (
        "TRUNCATE people CASCADE;",
        "LG034",
        ["removes every row of people", "every row of orders too, by CASCADE of orders_buyer_fkey"],
    ),
    (
        "DELETE FROM people;",
        "LG034",
        ["removes every row of people", "the rows with a partner of orders too"],
    ),
    ("DELETE FROM people WHERE id = 3;", "LG034", []),
    ("DROP INDEX orders_buyer;", "LG051", ["reads all of orders"]),
    ("DROP INDEX orders_buyer; CREATE INDEX ON orders (buyer, id);", "LG051", []),
    (
        "DROP INDEX orders_buyer; CREATE INDEX ON orders (buyer) WHERE a > 0;",
        "LG051",
        ["reads all of orders"],
    ),
    ("ALTER TABLE people ADD boss int REFERENCES people;", "LG051", ["reads all of people"]),
    ("SET LOCAL lock_timeout = '2s'; ALTER TABLE orders ADD d int;", "LG049", ["lock_timeout"]),
    ("ALTER TABLE orders ADD d int; SET LOCAL lock_timeout = '2s';", "LG049", []),
    ("BEGIN; ALTER TABLE orders ADD d int; UPDATE orders SET a = 1 WHERE id = 3;", "LG042", []),
    (
        "BEGIN; ALTER TABLE orders ADD d int; UPDATE orders SET a = 1 WHERE a = 3;",
        "LG042",
        ["works while orders stays locked"],
    ),
]


def findings(
    sql: str, *, direction: Direction = Direction.UP, given: TargetStatistics | None = None
) -> list[Finding]:
    structure = Structure(complete=True)
    for parsed in parse(SCHEMA):
        follow(structure, parsed, 18)
    unit = Unit(structure, 18, file="change.sql", direction=direction, target=given, complete=True)
    script = read_script(io.BytesIO(sql.encode()))
    answers = UnitLinter(by_subject(choose_rules()), unit).script(script)
    return [answer for answer in answers if isinstance(answer, Finding)]


@pytest.mark.parametrize(("sql", "code", "messages"), CASES)
def test_what_hangs_on_it_is_named(sql: str, code: str, messages: list[str]) -> None:
    found = [finding.message for finding in findings(sql) if finding.code == code]

    assert len(messages) == len(found)
    assert [m for m in messages if not any(m in message for message in found)] == []


def test_write_that_a_trigger_will_refuse_is_an_error() -> None:
    found = [f for f in findings("ALTER TABLE orders DROP COLUMN note;") if f.code == "LG037"]

    assert {Severity.ERROR, Severity.WARNING} == {finding.severity for finding in found}


@pytest.mark.parametrize(("scans", "said"), [(12.5, True), (0.01, False), (None, False)])
def test_index_that_queries_use_is_named_with_its_rate(scans: float | None, said: bool) -> None:
    index = replace(PKEY, name="public.orders_buyer", scans=scans)
    orders = star(name="public.orders", indexes=(index,))

    found = findings("DROP INDEX CONCURRENTLY orders_buyer;", given=target(orders))

    rates = [f.message for f in found if f.code == "LG033"]
    assert rates == (["drops orders_buyer, which is used 12.5 times a second"] if said else [])


def test_way_back_to_a_narrower_type_loses_what_does_not_fit() -> None:
    down = findings("ALTER TABLE orders ALTER total TYPE int;", direction=Direction.DOWN)

    assert [f.message for f in down if f.code == "LG075"] == [
        "loses what does not fit of total of orders, or fails on it: bigint becomes integer"
    ]
