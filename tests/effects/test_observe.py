"""What is seen of a statement that runs on scratch."""

from __future__ import annotations

import pytest

from lockgate.core.effect import Effect, Evidence, LockMode, StatementEffects, Toast, Transactional
from lockgate.postgres.observe import Observation
from tests.effects.corpus import Form
from tests.effects.lab import Lab

GIVEN = """
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (a int, b text, p_id int REFERENCES p);
CREATE INDEX t_a ON t (a);
"""


def seen(lab: Lab, sql: str, given: str = GIVEN) -> Observation:
    return lab.try_form(Form("", given, sql))


def effect(observation: Observation, relation: str) -> Effect:
    return next(e for e in observation.statement.effects if e.relation == relation)


def test_a_rewrite_is_seen_with_the_indexes_that_it_builds(any_lab: Lab) -> None:
    observation = seen(any_lab, "ALTER TABLE t ALTER COLUMN a TYPE bigint")

    table = Effect(
        "public.t",
        LockMode.ACCESS_EXCLUSIVE,
        rewrites=True,
        scans=True,
        builds=("public.t_a",),
        evidence=Evidence.OBSERVED,
        toast=Toast(LockMode.ACCESS_EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE),
    )
    assert table == effect(observation, "public.t")
    assert 'rewriting table "t"' in observation.messages


def test_toast_table_stands_with_its_table_and_apart_from_its_index(any_lab: Lab) -> None:
    table = effect(seen(any_lab, "REINDEX TABLE t"), "public.t")

    assert LockMode.SHARE is table.mode
    assert Toast(LockMode.SHARE, LockMode.ACCESS_EXCLUSIVE) == table.toast


def test_a_table_made_by_the_statement_is_in_nobodys_way(any_lab: Lab) -> None:
    observation = seen(any_lab, "CREATE TABLE n (id int PRIMARY KEY, p_id int REFERENCES p)")

    assert ["public.p"] == [e.relation for e in observation.statement.effects]
    assert LockMode.SHARE_ROW_EXCLUSIVE is effect(observation, "public.p").mode


def test_a_dropped_relation_is_seen_by_the_name_that_it_had(any_lab: Lab) -> None:
    observation = seen(any_lab, "DROP INDEX t_a")

    assert LockMode.ACCESS_EXCLUSIVE is effect(observation, "public.t_a").mode
    assert LockMode.ACCESS_EXCLUSIVE is effect(observation, "public.t").mode


def test_an_empty_file_after_truncate_is_no_rewrite(any_lab: Lab) -> None:
    observation = seen(any_lab, "TRUNCATE t")

    table = effect(observation, "public.t")
    assert (LockMode.ACCESS_EXCLUSIVE, False, False, ()) == (
        table.mode,
        table.rewrites,
        table.scans,
        table.builds,
    )


def test_an_index_that_is_made_into_a_key_is_not_built(any_lab: Lab) -> None:
    given = f"{GIVEN}; CREATE UNIQUE INDEX t_u ON t (a)"

    observation = seen(any_lab, "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX t_u", given)

    assert () == effect(observation, "public.t").builds


def test_a_lock_is_seen_although_it_is_gone_before_the_statement_ends(any_lab: Lab) -> None:
    given = """
        CREATE TABLE m (d int) PARTITION BY RANGE (d);
        CREATE TABLE m1 PARTITION OF m FOR VALUES FROM (0) TO (9)
    """

    observation = seen(any_lab, "ALTER TABLE m DETACH PARTITION m1 CONCURRENTLY", given)

    expected = StatementEffects(
        (
            Effect("public.m1", LockMode.ACCESS_EXCLUSIVE, evidence=Evidence.OBSERVED),
            Effect("public.m", LockMode.SHARE_UPDATE_EXCLUSIVE, evidence=Evidence.OBSERVED),
        ),
        Transactional.FORBIDDEN,
    )
    assert expected == observation.statement


def test_the_commits_within_a_procedure_hide_no_lock(any_lab: Lab) -> None:
    given = f"""{GIVEN};
        CREATE PROCEDURE twice() LANGUAGE plpgsql AS
        'BEGIN ALTER TABLE t ADD n int; COMMIT; ALTER TABLE p ADD n int; COMMIT; END'
    """

    observation = seen(any_lab, "CALL twice()", given)

    assert LockMode.ACCESS_EXCLUSIVE is effect(observation, "public.t").mode
    assert LockMode.ACCESS_EXCLUSIVE is effect(observation, "public.p").mode


@pytest.mark.parametrize(
    ("sql", "fails"),
    [
        ("ALTER TABLE t ADD COLUMN n int NOT NULL", True),
        ("ALTER TABLE t ADD COLUMN n int DEFAULT 0 CHECK (n > 0)", True),
        ("ALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 1", False),
        ("ALTER TABLE t ALTER COLUMN b SET NOT NULL", False),  # where no b is null, it goes well
        ("ALTER TABLE t ADD CHECK (a > 0)", False),
    ],
)
def test_what_fails_on_any_row_is_told_from_what_depends_on_rows(
    any_lab: Lab, sql: str, fails: bool
) -> None:
    observation = seen(any_lab, sql)

    assert fails is observation.statement.fails_if_rows


def test_trying_a_row_leaves_none_behind(any_lab: Lab) -> None:
    seen(any_lab, "ALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 1")

    assert (0,) == any_lab.connection.execute("SELECT count(*) FROM t").fetchone()


def test_a_statement_that_fails_says_why_and_changes_nothing(any_lab: Lab) -> None:
    observation = seen(any_lab, "ALTER TABLE nothing ADD n int")

    assert ("42P01", 'relation "nothing" does not exist') == (
        observation.sqlstate,
        observation.error,
    )
    assert () == observation.statement.effects


@pytest.mark.parametrize("sql", ["ALTER TABLE t ALTER a TYPE bigint", "CREATE INDEX ON t (b)"])
def test_the_servers_own_messages_tell_of_the_same_work(any_lab: Lab, sql: str) -> None:
    observation = seen(any_lab, sql)

    said = " ".join(observation.messages)
    table = effect(observation, "public.t")
    assert table.rewrites is ('rewriting table "t"' in said)
    assert table.builds
    for index in table.builds:
        assert f'building index "{index.removeprefix("public.")}" on table "t"' in said
