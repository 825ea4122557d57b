"""Rules see the statements that a statement runs, and what its own text leaves open."""

from __future__ import annotations

import io

import pytest

from lockgate.core.effects import Structure, apply
from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import UnitLinter, by_subject
from lockgate.core.rule import Unit
from lockgate.core.script import read_script
from lockgate.core.sql.trees import parse
from lockgate.workflows.linting import choose_rules

CHOSEN = by_subject(choose_rules(ignore=["lock-timeout-missing"]))


def loud(sql: str, *, given: str | None = None) -> list[str]:
    """The codes of errors and warnings; without `given` nothing is said of what exists."""
    structure = Structure()
    for parsed in parse(given or ""):
        apply(structure, parsed)
    unit = Unit(structure, 18, complete=given is not None)
    answers = UnitLinter(CHOSEN, unit).script(read_script(io.BytesIO(sql.encode())))
    found = [answer for answer in answers if isinstance(answer, Finding)]
    return sorted(finding.code for finding in found if finding.severity is not Severity.INFO)


@pytest.mark.parametrize(
    ("sql", "codes"),
    [
        ("DO $$ BEGIN DROP TABLE orders; END $$", ["LG031"]),
        ("DO $$ BEGIN IF true THEN ALTER TABLE orders DROP COLUMN a; END IF; END $$", ["LG030"]),
        ("DO $$ BEGIN CREATE INDEX ON orders (a); END $$", ["LG001"]),
        ("DO $$ BEGIN CREATE TABLE new (a int); CREATE INDEX ON new (a); END $$", []),
        ("CALL empty_it()", ["LG034"]),
        ("CALL again()", ["LG034"]),
        ("SELECT write_it()", ["LG046"]),
        ("WITH gone AS (DELETE FROM orders RETURNING a) SELECT count(*) FROM gone", ["LG034"]),
        ("WITH one AS (SELECT 1) SELECT * FROM one", []),
        ("EXPLAIN ANALYZE DELETE FROM orders", ["LG034"]),
        ("EXPLAIN (ANALYZE false) DELETE FROM orders", []),
    ],
)
def test_statement_within_another_is_seen_by_the_rules(sql: str, codes: list[str]) -> None:
    given = """
        CREATE TABLE orders (a int);
        CREATE PROCEDURE empty_it() LANGUAGE sql AS 'DELETE FROM orders';
        CREATE PROCEDURE again() LANGUAGE plpgsql AS 'BEGIN CALL again(); CALL empty_it(); END';
        CREATE FUNCTION write_it() RETURNS void LANGUAGE plpgsql AS
            'BEGIN UPDATE orders SET a = 1; END';
    """

    found = loud(sql, given=given)

    # Of a procedure that calls itself not all is known, and write_it names orders.
    assert codes == [code for code in found if code not in ("LG063", "LG037")]


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE orders ADD COLUMN a positive",  # a domain may have a constraint
        "ALTER TABLE orders ALTER CONSTRAINT fk ENFORCED",
        "ALTER TYPE pair ALTER ATTRIBUTE a TYPE bigint CASCADE",  # tables may be OF it
        "CREATE TABLE later PARTITION OF events FOR VALUES FROM (1) TO (2)",  # DEFAULT is read
    ],
)
def test_what_an_undescribed_thing_may_do_is_a_warning(sql: str) -> None:
    assert loud(sql)


@pytest.mark.parametrize(
    ("sql", "codes"),
    [
        ("DELETE FROM orders WHERE true", ["LG034"]),
        ("DELETE FROM orders WHERE 1 = 1", ["LG034"]),
        ("DELETE FROM orders USING people", ["LG034"]),
        ("DELETE FROM orders USING people p WHERE p.a = orders.a", ["LG034"]),
        ("DELETE FROM orders USING people p WHERE p.a = orders.a AND p.b = 1", []),
        ("DELETE FROM orders USING (VALUES (1)) v (a) WHERE v.a = orders.a", []),
        ("DELETE FROM orders WHERE a IN (SELECT a FROM orders)", ["LG034"]),
        ("DELETE FROM people WHERE (a, b) IN (SELECT a, b FROM people)", ["LG034"]),
        ("DELETE FROM people WHERE (a, b) IN (SELECT b, a FROM people)", []),
        ("DELETE FROM orders WHERE a NOT IN (SELECT a FROM people)", []),
        ("MERGE INTO orders o USING people p ON p.a = o.a WHEN MATCHED THEN DELETE", ["LG034"]),
        ("MERGE INTO orders o USING people ON true WHEN MATCHED THEN DELETE", ["LG034"]),
        ("MERGE INTO orders o USING people ON true WHEN MATCHED AND o.a = 1 THEN DELETE", []),
        ("UPDATE orders SET a = 1 WHERE true", ["LG046"]),
        ("UPDATE orders SET a = 1 WHERE a = 2", []),
        ("UPDATE orders SET a = 1 WHERE a = a", ["LG046"]),
        ("UPDATE orders SET a = 1 WHERE a IN (SELECT a FROM orders)", ["LG046"]),
        ("UPDATE orders SET a = 1 WHERE orders.a = ANY (SELECT o.a FROM orders o)", ["LG046"]),
        ("UPDATE orders SET a = 1 WHERE a IN (SELECT a FROM orders LIMIT 9)", []),
        ("UPDATE orders SET a = 1 WHERE a IN (SELECT a FROM orders WHERE a > 3)", []),
        ("UPDATE orders SET a = 1 WHERE a IN (SELECT a FROM people)", []),
        ("UPDATE orders SET a = 1 WHERE EXISTS (SELECT FROM people)", ["LG046"]),
        ("UPDATE orders SET a = 1 WHERE EXISTS (SELECT FROM people p WHERE p.a = orders.a)", []),
        ("UPDATE orders SET a = 1 WHERE a IS NULL", ["LG046"]),
        ("UPDATE orders SET a = v.b FROM (VALUES (1, 2)) v (a, b) WHERE v.a = orders.a", []),
        ("ALTER TABLE orders ADD b int; UPDATE orders SET b = a WHERE b IS NULL", ["LG046"]),
        ("ALTER TABLE orders ADD b int DEFAULT 0; UPDATE orders SET b = a WHERE b IS NULL", []),
        ("UPDATE orders SET a = p.b FROM people p WHERE p.a = orders.a", ["LG046"]),
        ("UPDATE orders SET a = p.b FROM people p WHERE p.a = orders.a AND p.b = 1", []),
        (
            "MERGE INTO orders o USING people p ON p.a = o.a WHEN MATCHED THEN UPDATE SET a = 1",
            ["LG046"],
        ),
        ("MERGE INTO orders o USING people p ON p.a = o.a WHEN NOT MATCHED THEN DO NOTHING", []),
    ],
)
def test_condition_that_leaves_out_no_row_is_none(sql: str, codes: list[str]) -> None:
    assert codes == loud(
        sql, given="CREATE TABLE orders (a int); CREATE TABLE people (a int, b int)"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "DROP VIEW IF EXISTS nothing",
        "DROP FUNCTION IF EXISTS nothing()",
        "ALTER TABLE IF EXISTS nothing RENAME TO something",
        "ALTER TABLE IF EXISTS nothing DROP COLUMN a",
        "DROP TYPE IF EXISTS nothing",
    ],
)
def test_if_exists_of_what_does_not_exist_breaks_nobody(sql: str) -> None:
    assert [] == loud(sql, given="CREATE TABLE orders (a int)")
    assert loud(sql)


def test_array_is_written_anew_though_its_elements_stay_as_they_are() -> None:
    given = "CREATE TABLE orders (tags text[])"

    assert ["LG008"] == loud("ALTER TABLE orders ALTER tags TYPE varchar[]", given=given)


def test_guess_about_a_column_says_that_it_is_one() -> None:
    unit = Unit(Structure(), 18)
    stream = io.BytesIO(b"ALTER TABLE orders ALTER COLUMN a SET NOT NULL")

    (finding,) = (
        answer
        for answer in UnitLinter(CHOSEN, unit).script(read_script(stream))
        if isinstance(answer, Finding) and answer.severity is Severity.ERROR
    )

    assert finding.message.startswith("may block reads and writes on orders while every row")


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE orders ADD COLUMN a int DEFAULT 1",
        "ALTER TABLE orders ALTER CONSTRAINT fk DEFERRABLE",
        "CREATE TABLE rest PARTITION OF events DEFAULT",  # there is no other
        "CREATE TABLE half PARTITION OF events FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        "ALTER TABLE people DROP CONSTRAINT people_pkey CASCADE",
    ],
)
def test_what_the_text_proves_harmless_is_no_warning(sql: str) -> None:
    assert [] == loud(sql)


def test_statement_that_rows_refuse_fails_on_those_that_the_change_put_in() -> None:
    made = "CREATE TABLE fresh (a int); "
    needed = "ALTER TABLE fresh ADD COLUMN b int NOT NULL"

    assert [] == loud(made + needed)
    assert ["LG010"] == loud(f"{made}INSERT INTO fresh VALUES (1); {needed}")


def test_change_of_zone_is_a_guess_where_nobody_said_the_session_s() -> None:
    given = "CREATE TABLE orders (placed timestamp)"
    change = "ALTER TABLE orders ALTER placed TYPE timestamptz"

    assert ["LG008"] == loud(change, given=given)
    assert [] == loud(f"SET TimeZone = 'UTC'; {change}", given=given)


@pytest.mark.parametrize("name", ["citext", "hstore", "geometry", "vector"])
def test_type_of_a_common_extension_is_no_domain(name: str) -> None:
    assert [] == loud(f"ALTER TABLE orders ADD COLUMN a {name} NOT NULL DEFAULT ''")
    assert ["LG063"] == loud("ALTER TABLE orders ADD COLUMN a somebodys NOT NULL DEFAULT ''")


def test_type_that_only_forgets_the_zone_loses_no_value() -> None:
    given = "CREATE TABLE orders (placed timestamptz)"

    assert [] == loud(
        "SET TimeZone = 'UTC'; ALTER TABLE orders ALTER placed TYPE timestamp", given=given
    )
    assert ["LG008", "LG035"] == loud("ALTER TABLE orders ALTER placed TYPE date", given=given)


EACH = "FOR r IN SELECT a FROM orders LOOP UPDATE orders SET a = 1 WHERE orders.a = r.a; END LOOP;"
FEW = "DELETE FROM orders WHERE a IN (SELECT a FROM orders LIMIT 5); EXIT WHEN NOT FOUND;"


@pytest.mark.parametrize(
    ("code", "codes"),
    [
        (f"DECLARE r record; BEGIN {EACH} END", ["LG046"]),
        (f"DECLARE r record; BEGIN {EACH.replace('FROM orders', 'FROM people')} END", []),
        (f"DECLARE r record; BEGIN {EACH.replace('orders LOOP', 'orders LIMIT 3 LOOP')} END", []),
        (f"BEGIN LOOP {FEW} END LOOP; END", ["LG034"]),
        (f"BEGIN LOOP {FEW} COMMIT; END LOOP; END", []),
    ],
)
def test_loop_over_all_rows_is_a_write_to_all_unless_it_commits(
    code: str, codes: list[str]
) -> None:
    given = "CREATE TABLE orders (a int); CREATE TABLE people (a int, b int)"

    assert codes == loud(f"DO $$ {code} $$", given=given)
