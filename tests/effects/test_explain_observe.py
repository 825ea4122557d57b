"""`lockgate explain --observe`, and prediction held against observation."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from lockgate.core.agreement import agree, disagreement_findings
from lockgate.core.effect import Effect, Evidence, LockMode, StatementEffects
from lockgate.report.effects import effects_lines
from tests.conftest import RunLockgate

EXCLUSIVE, SHARE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE


def effects(*found: Effect) -> StatementEffects:
    return StatementEffects(found)


def test_what_is_observed_beats_what_was_predicted_and_the_difference_is_said() -> None:
    seen = Effect("public.t", SHARE, scans=True, evidence=Evidence.OBSERVED)

    both = agree(effects(Effect("public.t", EXCLUSIVE)), effects(seen))

    (finding,) = disagreement_findings(both.disagreements, statement=0)
    assert effects(seen) == both.statement
    assert (
        "lockgate contradicts itself on public.t: "
        "predicted ACCESS EXCLUSIVE, observed SHARE and read as a whole"
    ) == finding.message


def test_a_finding_of_a_disagreement_names_the_relation_whatever_its_name() -> None:
    name = 'public."a: ""b"'

    (finding,) = disagreement_findings(
        agree(effects(Effect(name, EXCLUSIVE)), effects()).disagreements, statement=0
    )

    assert name == finding.relation


def test_a_name_with_a_line_break_stays_on_its_line() -> None:
    (line,) = effects_lines(effects(Effect('public."a\nb"', EXCLUSIVE)), colour=False)

    assert line.startswith('public."a b"  blocks')


def test_a_lock_that_was_held_before_is_neither_seen_nor_missed() -> None:
    predicted = Effect("public.t", EXCLUSIVE)

    both = agree(effects(predicted), effects(), {"public.t": frozenset({EXCLUSIVE})})

    assert (effects(predicted), ()) == (both.statement, both.disagreements)


def test_a_lock_that_code_gave_back_is_kept_and_no_disagreement() -> None:
    predicted = Effect("public.t", EXCLUSIVE)

    both = agree(effects(predicted), effects(), kind="DoStmt")

    assert (effects(predicted), ()) == (both.statement, both.disagreements)


def test_locks_of_queries_depend_on_rows_and_are_not_compared() -> None:
    both = agree(effects(Effect("public.f", LockMode.ROW_SHARE)), effects())

    assert () == both.disagreements


def test_where_a_weak_lock_hangs_on_rows_the_stronger_stays_as_predicted() -> None:
    predicted = Effect("public.t", LockMode.ROW_EXCLUSIVE)
    seen = Effect("public.t", LockMode.ACCESS_SHARE, evidence=Evidence.OBSERVED)

    both = agree(effects(predicted), effects(seen))

    assert (effects(predicted), ()) == (both.statement, both.disagreements)


def test_a_lock_of_a_branch_that_code_did_not_take_stays_as_predicted() -> None:
    predicted = Effect("public.t", EXCLUSIVE)
    seen = Effect("public.t", LockMode.ACCESS_SHARE, evidence=Evidence.OBSERVED)

    both = agree(effects(predicted), effects(seen), kind="DoStmt")

    assert (effects(predicted), ()) == (both.statement, both.disagreements)


def test_an_unknown_effect_gives_way_to_what_was_seen() -> None:
    seen = Effect("public.t", EXCLUSIVE, evidence=Evidence.OBSERVED)
    unknown = replace(seen, relation="?", evidence=Evidence.UNKNOWN)

    both = agree(effects(unknown), effects(seen))

    assert (effects(seen), ()) == (both.statement, both.disagreements)


def test_observe_sees_what_dynamic_sql_does(tmp_path: Path, lockgate: RunLockgate) -> None:
    schema = tmp_path / "schema.sql"
    schema.write_text("CREATE TABLE orders (id int PRIMARY KEY);")
    script = "DO $$ BEGIN EXECUTE lower('DROP TABLE ORDERS'); END $$; ALTER TABLE gone ADD x int"

    answer = lockgate(
        tmp_path, "explain", "--observe", "--schema", str(schema), script, "--format", "json"
    )

    found = json.loads(answer.stdout)
    dropped, failed = found["statements"]
    assert [("public.orders", "ACCESS EXCLUSIVE", "observed")] == [
        (e["relation"], e["mode"], e["evidence"])
        for e in dropped["effects"]
        if e["relation"] == "public.orders"
    ]
    assert "observed" not in {e["evidence"] for e in failed["effects"]}
    assert ['the statement fails on scratch: relation "gone" does not exist (42P01)'] == [
        f["message"] for f in found["findings"] if f["code"].startswith("LG-OBS")
    ]


def test_what_ends_what_a_driver_prepared_or_reads_its_client_is_observed(
    tmp_path: Path, lockgate: RunLockgate
) -> None:
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2);")
    script = "COPY t TO STDOUT; COPY t FROM STDIN;\n\\.\n" + "DISCARD ALL; UPDATE t SET a = 1;" * 8

    answer = lockgate(
        tmp_path, "explain", "--observe", "--schema", "schema.sql", script, "--format", "json"
    )

    found = json.loads(answer.stdout)
    modes = [e["mode"] for s in found["statements"] for e in s["effects"]]
    assert ["ACCESS SHARE", "ROW EXCLUSIVE", *["ROW EXCLUSIVE"] * 8] == modes
    assert {"observed"} == {e["evidence"] for s in found["statements"] for e in s["effects"]}
    assert [] == [f["message"] for f in found["findings"] if f["code"].startswith("LG-OBS")]


def test_how_a_foreign_key_is_checked_on_its_far_side_is_the_planners_choice(
    tmp_path: Path, lockgate: RunLockgate
) -> None:
    (tmp_path / "schema.sql").write_text(
        "CREATE TABLE far (id int PRIMARY KEY); INSERT INTO far VALUES (1), (2);"
        "CREATE TABLE near (far_id int); INSERT INTO near VALUES (1), (2);"
    )
    script = "ALTER TABLE near ADD CONSTRAINT k FOREIGN KEY (far_id) REFERENCES far"

    answer = lockgate(
        tmp_path, "explain", "--observe", "--schema", "schema.sql", script, "--format", "json"
    )

    found = json.loads(answer.stdout)
    (statement,) = found["statements"]
    scans = {e["relation"]: e["scans"] for e in statement["effects"]}
    assert (True, False) == (scans["public.near"], scans["public.far"])
    assert [] == [f["message"] for f in found["findings"] if f["code"].startswith("LG-OBS")]


def test_a_statement_that_the_rows_refuse_is_observed_with_every_table_empty(
    tmp_path: Path, lockgate: RunLockgate
) -> None:
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1)")
    script = (
        "ALTER TABLE t ALTER b SET NOT NULL; ALTER TABLE t ADD CHECK (a > 5);"
        "ALTER TABLE t ADD c int NOT NULL; UPDATE t SET a = 2"
    )

    answer = lockgate(
        tmp_path, "explain", "--observe", "--schema", "schema.sql", script, "--format", "json"
    )

    found = json.loads(answer.stdout)
    *refused, allowed = found["statements"]
    for statement in refused:
        (effect,) = statement["effects"]
        assert ("ACCESS EXCLUSIVE", "observed") == (effect["mode"], effect["evidence"])
    assert [False, False, True] == [statement["fails_if_rows"] for statement in refused]
    assert ["ROW EXCLUSIVE"] == [effect["mode"] for effect in allowed["effects"]]
    codes = [f["code"] for f in found["findings"] if f["code"].startswith("LG-OBS")]
    assert ["LG-OBS-5"] * 3 == codes


def test_scans_that_the_server_only_counts_are_told_apart_by_statement(
    tmp_path: Path, lockgate: RunLockgate
) -> None:
    (tmp_path / "schema.sql").write_text("CREATE DOMAIN d AS int; CREATE TABLE orders (id d);")
    script = (
        "ALTER DOMAIN d ADD CHECK (VALUE > 0); ALTER TABLE orders ADD COLUMN note text;"
        "ALTER DOMAIN d ADD CHECK (VALUE > 1)"
    )

    answer = lockgate(
        tmp_path, "explain", "--observe", "--schema", "schema.sql", script, "--format", "json"
    )

    effects = [s["effects"][0] for s in json.loads(answer.stdout)["statements"]]
    assert ["observed"] * 3 == [effect["evidence"] for effect in effects]
    assert [True, False, True] == [effect["scans"] for effect in effects]


def test_code_that_does_not_wait_is_told_that_watching_refused_it(
    tmp_path: Path, lockgate: RunLockgate
) -> None:
    (tmp_path / "schema.sql").write_text("CREATE TABLE orders (id int);")
    script = "DO $$ BEGIN LOCK TABLE orders IN SHARE MODE NOWAIT; COMMIT; END $$"

    answer = lockgate(
        tmp_path, "explain", "--observe", "--schema", "schema.sql", script, "--format", "json"
    )

    found = json.loads(answer.stdout)
    said = {f["code"]: f["remedy"] for f in found["findings"]}
    assert "leave out NOWAIT" in said["LG-OBS-2"]
    assert ["predicted"] == [e["evidence"] for e in found["statements"][0]["effects"]]


def test_a_schema_that_fails_on_scratch_says_where(tmp_path: Path, lockgate: RunLockgate) -> None:
    schema = tmp_path / "schema.sql"
    schema.write_text("SELECT 1;\nCREATE TABLE orders (id nothing);")

    answer = lockgate(tmp_path, "explain", "--observe", "--schema", "schema.sql", "SELECT 1")

    assert 2 == answer.returncode
    assert 'error[LG-SQL-2]: "schema.sql" cannot be read on line 2: type "nothing" does not' in (
        answer.stderr
    )


def test_detaching_concurrently_stops_what_refers_to_the_partition(
    tmp_path: Path, lockgate: RunLockgate
) -> None:
    (tmp_path / "schema.sql").write_text(
        "CREATE TABLE runs (id int PRIMARY KEY) PARTITION BY RANGE (id);"
        "CREATE TABLE runs_1 PARTITION OF runs FOR VALUES FROM (0) TO (9);"
        "CREATE TABLE files (run int REFERENCES runs);"
    )
    script = "ALTER TABLE runs DETACH PARTITION runs_1 CONCURRENTLY"
    options = ("--schema", "schema.sql", "--format", "json")

    answers = [
        lockgate(tmp_path, "explain", *more, *options, script) for more in ((), ("--observe",))
    ]

    predicted, observed = (json.loads(answer.stdout)["statements"][0] for answer in answers)
    expected = {
        "public.files": ("ACCESS EXCLUSIVE", True),
        "public.runs": ("SHARE UPDATE EXCLUSIVE", False),
        "public.runs_1": ("ACCESS EXCLUSIVE", False),
        "public.runs_1_pkey": ("ACCESS EXCLUSIVE", False),
    }
    for found in (predicted, observed):
        assert expected == {e["relation"]: (e["mode"], e["scans"]) for e in found["effects"]}


def test_a_temporary_table_is_seen_as_predicted(tmp_path: Path, lockgate: RunLockgate) -> None:
    """Its schema has a number, its TOAST table is elsewhere, and nothing there is CONCURRENT."""
    script = (
        "CREATE TEMP TABLE batch (id int PRIMARY KEY, note text);"
        "ALTER TABLE batch ALTER id TYPE bigint; CREATE INDEX CONCURRENTLY i ON batch (note);"
        "DROP INDEX CONCURRENTLY i; CREATE VIEW short AS SELECT id FROM batch;"
        "DROP VIEW short; DROP TABLE batch;"
    )

    answer = lockgate(tmp_path, "explain", "--observe", script, "--format", "json")

    found = json.loads(answer.stdout)
    relations = [e["relation"] for s in found["statements"] for e in s["effects"]]
    assert [] == [f["message"] for f in found["findings"] if f["code"].startswith("LG-OBS")]
    assert {"pg_temp"} == {name.partition(".")[0] for name in relations}
