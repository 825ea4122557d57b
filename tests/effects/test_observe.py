"""What is seen of a statement that runs on scratch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockgate.core.effect import Effect, Evidence, LockMode, StatementEffects, Toast, Transactional
from lockgate.postgres.observe import Observation
from lockgate.postgres.observe.gate import MOST_DOORS
from lockgate.postgres.observe.said import read_messages
from lockgate.postgres.observe.work import Relation, weigh
from tests.effects.corpus import SPACE, Form
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


def test_an_index_that_is_copied_to_a_tablespace_is_not_built(any_lab: Lab) -> None:
    observation = seen(any_lab, f"ALTER INDEX t_a SET TABLESPACE {SPACE}")

    (index,) = observation.statement.effects
    assert ("public.t_a", True, ()) == (index.relation, index.rewrites, observation.contradictions)


def test_work_on_a_table_that_is_gone_in_the_end_is_known_from_the_servers_words(
    any_lab: Lab,
) -> None:
    sql = "DO $$ BEGIN ALTER TABLE t ALTER a TYPE bigint; DROP TABLE t; END $$"

    table = effect(seen(any_lab, sql), "public.t")

    assert (True, True) == (table.rewrites, table.scans)


def test_a_scan_is_known_from_the_servers_words_where_counters_are_gone(any_lab: Lab) -> None:
    given = f"""{GIVEN};
        ALTER TABLE t ADD CONSTRAINT t_c CHECK (a > 0) NOT VALID;
        ALTER TABLE t DROP CONSTRAINT t_p_id_fkey,
            ADD CONSTRAINT t_p FOREIGN KEY (p_id) REFERENCES p NOT VALID;
        CREATE PROCEDURE validate(c text) LANGUAGE plpgsql AS
        'BEGIN EXECUTE format($$ALTER TABLE t VALIDATE CONSTRAINT %I$$, c); COMMIT; END'
    """

    checked = seen(any_lab, "CALL validate('t_c')", given)
    keyed = seen(any_lab, "CALL validate('t_p')", given)

    assert [True, True] == [effect(one, "public.t").scans for one in (checked, keyed)]


@pytest.mark.parametrize(
    ("sql", "mode"),
    [
        ("LOCK TABLE p", LockMode.ACCESS_EXCLUSIVE),
        ("COMMENT ON TABLE p IS $$x$$", LockMode.SHARE_UPDATE_EXCLUSIVE),
    ],
)
def test_code_that_commits_at_once_hides_no_lock(any_lab: Lab, sql: str, mode: LockMode) -> None:
    given = f"""{GIVEN};
        CREATE PROCEDURE hasty() LANGUAGE plpgsql AS
        'BEGIN {sql}; COMMIT; COMMENT ON TABLE t IS $$x$$; COMMIT; END'
    """

    observation = seen(any_lab, "CALL hasty()", given)

    assert LockMode.SHARE_UPDATE_EXCLUSIVE is effect(observation, "public.t").mode
    assert mode is effect(observation, "public.p").mode


def test_a_lock_on_a_partitioned_index_is_seen_although_it_lasts_a_moment(any_lab: Lab) -> None:
    given = """
        CREATE TABLE m (d int) PARTITION BY RANGE (d);
        CREATE TABLE m1 PARTITION OF m FOR VALUES FROM (0) TO (9);
        CREATE INDEX m_d ON m (d)
    """

    observation = seen(any_lab, "REINDEX INDEX m_d", given)

    assert LockMode.ACCESS_EXCLUSIVE is effect(observation, "public.m_d").mode


@pytest.mark.parametrize("modes", [("ACCESS SHARE", "SHARE"), ("ROW SHARE", "EXCLUSIVE")])
def test_code_hides_no_lock_in_whatever_order_it_asks(any_lab: Lab, modes: tuple[str, str]) -> None:
    names = ["p", "t", "b", "a", "c"]
    asked = "; ".join(f"LOCK {name} IN {mode} MODE; COMMIT" for name in names for mode in modes)
    given = f"""{GIVEN}; CREATE TABLE a (); CREATE TABLE b (); CREATE TABLE c ();
        CREATE PROCEDURE roam() LANGUAGE plpgsql AS 'BEGIN {asked}; END'
    """

    observation = seen(any_lab, "CALL roam()", given)

    expected = {f"public.{name}": LockMode(modes[1]) for name in names}
    assert expected == {e.relation: e.mode for e in observation.statement.effects}
    assert not observation.by_luck


def test_more_tables_than_can_be_held_are_said_to_be_seen_by_luck(any_lab: Lab) -> None:
    tables = "; ".join(f"CREATE TABLE many_{n} ()" for n in range(MOST_DOORS))
    given = f"""{GIVEN}; {tables};
        CREATE PROCEDURE last() LANGUAGE plpgsql AS
        'BEGIN LOCK many_{MOST_DOORS - 1} IN ACCESS SHARE MODE; COMMIT; END'
    """

    observation = any_lab.try_form(
        Form("", given, "CALL last()"), likely=[f"public.many_{MOST_DOORS - 1}"]
    )

    assert [f"public.many_{MOST_DOORS - 1}"] == [e.relation for e in observation.statement.effects]
    assert observation.by_luck


@pytest.mark.parametrize("options", ["", "(VERBOSE)", "(ANALYZE)"])
def test_the_lock_under_which_vacuum_cuts_pages_off_is_known_from_the_servers_words(
    any_lab: Lab, options: str
) -> None:
    given = f"""{GIVEN};
        INSERT INTO t SELECT n, repeat('x', 900) FROM generate_series(1, 300) AS n;
        DELETE FROM t WHERE a > 3
    """

    cut = effect(seen(any_lab, f"VACUUM {options} t", given), "public.t")
    uncut = effect(seen(any_lab, "VACUUM (TRUNCATE off) t", given), "public.t")

    assert LockMode.ACCESS_EXCLUSIVE is cut.mode
    assert LockMode.SHARE_UPDATE_EXCLUSIVE is uncut.mode


def test_vacuum_that_skips_what_is_locked_skips_nothing_here(any_lab: Lab) -> None:
    given = """
        CREATE TABLE m (d int) PARTITION BY RANGE (d);
        CREATE TABLE m1 PARTITION OF m FOR VALUES FROM (0) TO (9)
    """

    observation = seen(any_lab, "VACUUM (SKIP_LOCKED) m", given)

    assert LockMode.SHARE_UPDATE_EXCLUSIVE is effect(observation, "public.m1").mode


def test_children_that_are_only_read_are_seen(any_lab: Lab, any_major: int) -> None:
    given = (
        f"{GIVEN}; CREATE TABLE child () INHERITS (t); CREATE TABLE grandchild () INHERITS (child)"
    )

    only = "ONLY " if any_major >= 18 else ""
    observation = seen(any_lab, f"VACUUM (ANALYZE) {only}t", given)

    assert {"public.child": LockMode.ACCESS_SHARE, "public.grandchild": LockMode.ACCESS_SHARE} == {
        e.relation: e.mode for e in observation.statement.effects if "child" in e.relation
    }


def test_a_table_without_indexes_is_locked_although_there_is_nothing_to_build(any_lab: Lab) -> None:
    given = "CREATE TABLE bare (a int)"
    form = Form("", given, "REINDEX TABLE CONCURRENTLY bare")

    (bare,) = any_lab.try_form(form, likely=["public.bare"]).statement.effects

    assert ("public.bare", LockMode.SHARE_UPDATE_EXCLUSIVE, ()) == (
        bare.relation,
        bare.mode,
        bare.builds,
    )


TABLE = Relation("public.t", "t", 0, "r", 7, 0, 0)
INDEX = Relation("public.t_a", "t_a", 0, "i", 8, 0, 1)
BEFORE = {1: TABLE, 2: INDEX}
MOVED = {1: replace(TABLE, filenode=9), 2: replace(INDEX, filenode=10)}


@pytest.mark.parametrize(
    ("new", "messages", "said"),
    [
        (BEFORE, ['rewriting table "t"'], "the server says of a rewrite, the file is the same"),
        (BEFORE, ['verifying table "t"'], "the server says that it reads all, and counts no scan"),
        (
            BEFORE,
            ['building index "t_a" on table "t" serially'],
            "the server says that it builds public.t_a, the file is the same",
        ),
        (
            MOVED,
            ['building index "t_a" on table "t" with request for 2 parallel workers'],
            "the file is new, the server says of no rewrite",
        ),
        (
            MOVED,
            ['rewriting table "t"'],
            "the file of public.t_a is new, the server says of no build",
        ),
    ],
)
def test_files_and_the_servers_words_are_held_against_each_other(
    new: dict[int, Relation], messages: list[str], said: str
) -> None:
    work = weigh(
        BEFORE,
        new,
        touched=BEFORE,
        scans=frozenset(),
        said=read_messages(messages),
        tag="ALTER TABLE",
    )

    assert (f"public.t: {said}",) == work.contradictions


def test_words_about_one_of_two_tables_of_a_name_contradict_nothing() -> None:
    other = replace(TABLE, name="other.t", filenode=11)

    work = weigh(
        BEFORE | {3: other},
        BEFORE | {3: replace(other, filenode=12)},
        touched=(1, 3),
        scans=frozenset(),
        said=read_messages(['rewriting table "t"']),
        tag="DO",
    )

    assert (frozenset({3}), ()) == (work.rewritten, work.contradictions)
