"""What is predicted where little is known: to the safe side, and said to be so."""

from __future__ import annotations

import pytest

from lockgate.core.effect import Effect, Evidence, LockMode, StatementEffects, Transactional
from lockgate.core.effects import Structure, apply, predict
from lockgate.core.sql.trees import parse


def effects_of(sql: str, *, given: str = "", complete: bool = False) -> StatementEffects:
    """What the last statement of `sql` does, on what `given` makes."""
    structure = Structure(complete=complete)
    for parsed in parse(given):
        apply(structure, parsed)
    *before, last = parse(sql)
    for parsed in before:
        apply(structure, parsed)
    return predict(last, structure, 18)


def only(sql: str, *, given: str = "") -> Effect:
    (effect,) = effects_of(sql, given=given).effects
    return effect


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE t ADD COLUMNN c int",
        "DO $$ BEGIN EXECUTE 'DROP TABLE ' || quote_ident(x); END $$",
        "DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY x LOOP EXECUTE 'DROP TABLE ' || t; END"
        " LOOP; END $$",
        "DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['a'] LOOP t := t || 'b';"
        " EXECUTE 'DROP TABLE ' || t; END LOOP; END $$",
        "DO $$ DECLARE t text := 'a'; BEGIN SELECT 'b' INTO t; EXECUTE 'DROP TABLE ' || t; END $$",
        "DO LANGUAGE plpython3u $$ plpy.execute('DROP TABLE t') $$",
        "CALL migrate()",
        "SELECT create_partitions()",
        "EXECUTE prepared_elsewhere",
        "DROP SCHEMA s CASCADE",
        "DROP TYPE mood CASCADE",
        "ALTER DOMAIN d SET NOT NULL",
        "DROP OWNED BY somebody",
        "REASSIGN OWNED BY somebody TO other",
        "DROP SERVER elsewhere CASCADE",
    ],
)
def test_what_cannot_be_read_counts_as_dangerous(sql: str) -> None:
    effect = only(sql)

    assert (Evidence.UNKNOWN, ("reads", "writes")) == (effect.evidence, effect.blocks)


@pytest.mark.parametrize(
    "loop",
    [
        "FOREACH n IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('DROP TABLE %I', n);",
        "FOREACH n IN ARRAY '{a,b}'::text[] LOOP EXECUTE 'DROP TABLE ' || quote_ident(n);",
        "FOR n IN VALUES ('a'), ('b') LOOP EXECUTE 'DROP TABLE ' || n;",
        "FOR r IN SELECT unnest(ARRAY['a', 'b']) AS t LOOP EXECUTE 'DROP TABLE ' || r.t;",
        "FOR r IN VALUES (1, 'a'), (2, 'b') LOOP EXECUTE 'DROP TABLE ' || r.column2;",
    ],
)
def test_loop_over_constants_is_read_once_for_each(loop: str) -> None:
    sql = f"DO $$ DECLARE n text; r record; BEGIN {loop} END LOOP; END $$"

    seen = {(e.relation, e.mode, e.evidence) for e in effects_of(sql).effects}

    drops = (LockMode.ACCESS_EXCLUSIVE, Evidence.PREDICTED)
    assert {("public.a", *drops), ("public.b", *drops)} == seen


@pytest.mark.parametrize(
    "execute",
    [
        "EXECUTE 'ALTER TABLE t ADD c int'",
        "EXECUTE 'ALTER TABLE ' || 't' || ' ADD c int'",
        "EXECUTE format('ALTER TABLE %I ADD c int', 't')",
        "IF true THEN ALTER TABLE t ADD c int; END IF",
        "DECLARE n text := 't'; BEGIN EXECUTE 'ALTER TABLE ' || n || ' ADD c int'; END",
    ],
)
def test_statements_inside_a_block_are_read(execute: str) -> None:
    effect = only(f"DO $$ BEGIN {execute}; END $$")

    assert Effect("public.t", LockMode.ACCESS_EXCLUSIVE) == effect


def test_functions_of_the_structure_are_followed() -> None:
    given = """
        CREATE TABLE t (a int);
        CREATE FUNCTION inner_one() RETURNS void LANGUAGE sql AS 'TRUNCATE t';
        CREATE FUNCTION outer_one() RETURNS void LANGUAGE plpgsql AS
        'BEGIN PERFORM inner_one(); END';
    """

    assert Effect("public.t", LockMode.ACCESS_EXCLUSIVE) == only("SELECT outer_one()", given=given)


def test_a_table_is_locked_while_an_extension_takes_it() -> None:
    effect = only("ALTER EXTENSION hstore ADD TABLE t", given="CREATE TABLE t ()")

    assert Effect("public.t", LockMode.SHARE_UPDATE_EXCLUSIVE) == effect


def test_a_function_that_nobody_knows_is_taken_for_volatile() -> None:
    effect = only("ALTER TABLE t ADD c uuid DEFAULT uuid_generate_v4()", given="CREATE TABLE t ()")

    assert (True, Evidence.UNKNOWN) == (effect.rewrites, effect.evidence)


def test_a_table_that_nobody_described_may_be_there() -> None:
    missing = "ALTER TABLE IF EXISTS elsewhere ADD c int NOT NULL"

    assert effects_of(missing, given="CREATE TABLE t ()").fails_if_rows
    assert () == effects_of(missing, given="CREATE TABLE t ()", complete=True).effects


def test_a_table_that_does_not_exist_is_not_known_for_certain() -> None:
    (effect,) = effects_of("DROP TABLE elsewhere", given="CREATE TABLE t ()", complete=True).effects

    assert Evidence.UNKNOWN is effect.evidence


def test_each_statement_is_seen_on_what_the_ones_before_it_left() -> None:
    proof = "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID"
    validated = f"{proof}; ALTER TABLE t VALIDATE CONSTRAINT c"
    given = "CREATE TABLE t (a int)"

    def scans(before: str) -> bool:
        sql = f"{before}; ALTER TABLE t ALTER a SET NOT NULL"
        return effects_of(sql, given=given).effects[0].scans

    assert (True, False) == (scans(proof), scans(validated))


def test_search_path_decides_what_a_name_means() -> None:
    given = "CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE TABLE t (a int)"

    effects = effects_of("SET search_path = app, public; DROP TABLE t", given=given).effects

    assert ["app.t"] == [effect.relation for effect in effects]


def test_an_index_that_goes_concurrently_blocks_nobody() -> None:
    given = "CREATE TABLE t (a int); CREATE INDEX i ON t (a)"

    found = effects_of("DROP INDEX CONCURRENTLY i", given=given)

    assert Transactional.FORBIDDEN is found.transaction
    assert [()] * 2 == [effect.blocks for effect in found.effects]


@pytest.mark.parametrize(
    ("sql", "alone"),
    [
        ("VACUUM t", True),
        ("ANALYZE t", False),
        ("CREATE DATABASE d", True),
        ("ALTER DATABASE d SET work_mem = '1MB'", False),
        ("ALTER DATABASE d SET TABLESPACE s", True),
        ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", True),
        ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (create_slot = off)", False),
        ("ALTER SUBSCRIPTION s REFRESH PUBLICATION", True),
        ("ALTER SUBSCRIPTION s DISABLE", False),
        ("REINDEX TABLE t", False),
        ("REINDEX SCHEMA public", True),
        ("ALTER TYPE e ADD VALUE 'x'", False),
        ("DISCARD ALL", True),
        ("DISCARD TEMP", False),
        ("COMMIT PREPARED 'x'", True),
        ("CLUSTER", True),
        ("ALTER SYSTEM SET work_mem = '1MB'", True),
        ("DO $$ BEGIN COMMIT; END $$", True),
    ],
)
def test_what_may_not_stand_in_a_transaction_block(sql: str, alone: bool) -> None:
    assert alone is (effects_of(sql).transaction is Transactional.FORBIDDEN)
