"""Forecasts and made-up rows where people meet them: the commands, run as a user runs them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server, create_database
from tests.conftest import NUMBERS, MakeProject, RunLockgate, StartServer
from tests.forecast.test_statistics import connected

SECRET = "attila-the-hun-4711"

SETTINGS = """\
[scratch]
url = "env:SCRATCH_URL"

[environments.prod]
role = "production"
url = "env:PROD_URL"
"""

REVISIONS = {
    "one": (
        "op.create_table('item', sa.Column('id', sa.Integer, primary_key=True),"
        " sa.Column('note', sa.Text))",
        "op.drop_table('item')",
    ),
    "two": (
        "op.create_index('ix_item_note', 'item', ['note'])",
        "op.drop_index('ix_item_note')",
    ),
    "three": (
        "op.drop_column('item', 'note')",
        "op.add_column('item', sa.Column('note', sa.Text));"
        " op.create_index('ix_item_note', 'item', ['note'])",
    ),
}

ROWS = f"""
INSERT INTO item SELECT n, '{SECRET} ' || n % 50 FROM generate_series(1, 30000) AS n;
ANALYZE item
"""


@dataclass(frozen=True)
class Passage:
    """A project whose PROD is at revision one and has rows, and its scratch server."""

    folder: Path
    prod: DatabaseUrl
    scratch: Server
    run: RunLockgate

    def __call__(self, *arguments: str) -> str:
        answer = self.run(self.folder, *arguments, **self.environ)
        assert answer.returncode == 0, answer.stderr + answer.stdout
        return answer.stdout

    @property
    def environ(self) -> dict[str, str]:
        return {"PROD_URL": self.prod.render(), "SCRATCH_URL": self.scratch.url.render()}

    def document(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--format", "json"))


@pytest.fixture
def passage(
    make_project: MakeProject,
    lockgate: RunLockgate,
    server: Server,
    start_scratch_server: StartServer,
) -> Iterator[Passage]:
    scratch = start_scratch_server(settings={"log_statement": "all"})
    prod = create_database(server.url, f"prod_{next(NUMBERS)}")
    found = Passage(make_project(SETTINGS, revisions=REVISIONS), prod, scratch, lockgate)
    found("env", "enroll", "prod", "--yes", "prod")
    with connected(prod) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES ('one')")
        connection.execute("CREATE TABLE item (id serial PRIMARY KEY, note text)")
        connection.execute(ROWS.encode())
    yield found
    scratch.stop()


def test_no_value_of_prod_reaches_scratch_not_even_its_wal_or_log(passage: Passage) -> None:
    said = passage("preview", "--env", "prod", "--rows", "0.5")
    said += passage("rehearse", "--env", "prod", "--rows", "0.5", "--no-write")
    passage.scratch.stop()  # what was in memory is in files now

    assert "15,000 made-up rows in 1 table" in said
    files = [file for file in passage.scratch.directory.rglob("*") if file.is_file()]
    written = [file for file in files if SECRET.encode() in file.read_bytes()]
    assert [] == written
    assert any(b"INSERT INTO public.item" in file.read_bytes() for file in files)
    assert SECRET not in said


def test_a_preview_at_size_rests_its_forecasts_on_what_scratch_took(passage: Passage) -> None:
    document = passage.document("preview", "--env", "prod", "--rows", "0.5", "two")

    (statement, *_) = document["revisions"][0]["upgrade"]
    found = statement["forecast"]
    assert ("rehearsed", 30_000) == (found["basis"], found["rows"])
    assert "timed on scratch with 15,000 made-up rows" in found["reasons"]
    assert found["duration_ms"]["low"] < found["duration_ms"]["expected"]
    assert 0 == found["reads_blocked_ms"]["expected"] < found["writes_blocked_ms"]["expected"]


def test_preview_weighs_what_the_rules_say_by_the_rows_of_the_database(passage: Passage) -> None:
    revisions = passage.document("preview", "--env", "prod")["revisions"]
    text = passage("preview", "--env", "prod", "two")

    found = [
        (f["code"], f["severity"], one["upgrade"][f["statement"]]["sql"], f["message"])
        for one in revisions
        for f in one["findings"]
        if f["severity"] == "error"
    ]
    assert [
        (
            "LG001",
            "error",
            "CREATE INDEX ix_item_note ON item (note)",
            "blocks writes on item while ix_item_note is built (30,000 rows)",
        ),
        (
            "LG030",
            "error",
            "ALTER TABLE item DROP COLUMN note",
            "drops note of item with its values (30,000 rows), and breaks code that reads it",
        ),
    ] == found
    assert "error LG001: blocks writes on item while ix_item_note is built" in text
    assert text.index("CREATE INDEX ix_item_note") < text.index("error LG001")
    assert text.index("error LG001") < text.index("downgrade")


def test_explain_forecasts_from_the_sizes_of_the_database(passage: Passage) -> None:
    create = "CREATE INDEX CONCURRENTLY ON item (note)"
    text = passage.run(passage.folder, "explain", "--env", "prod", create, **passage.environ).stdout

    assert re.search(r"forecast  \d+ ms \(.+\), on 30,000 rows, [\d.]+ MB", text)
    assert "how much is free is not" in text
    assert "poor: assumed rates: preview with --rows to have them measured" in text


def test_the_targets_own_planner_says_how_many_rows_a_statement_changes(passage: Passage) -> None:
    script = (
        "UPDATE item SET note = 'x' WHERE note LIKE '%7';"
        "UPDATE item SET note = 'x' WHERE later LIKE '%7';"
        "INSERT INTO item (note) SELECT note FROM item WHERE id <= 1000;"
        "UPDATE item SET yet_to_come = 'x' WHERE note LIKE '%7'"
    )
    answer = passage.run(
        passage.folder, "explain", "--env", "prod", "--format", "json", script, **passage.environ
    )
    with connected(passage.prod) as connection:
        row = connection.execute("SELECT count(*), count(*) FILTER (WHERE note = 'x') FROM item")
        untouched = row.fetchone()

    told = [one["forecast"]["reasons"] for one in json.loads(answer.stdout)["statements"]]
    expected = "the server's planner expects it to change {} rows"
    assert expected.format("3,000") in told[0]
    assert expected.format("3,000") in told[3]
    assert any("a third is assumed" in reason for reason in told[1])
    (inserted,) = [reason for reason in told[2] if reason.startswith("the server's planner")]
    assert 900 < int(re.sub(r"\D", "", inserted)) < 1_100
    assert (30_000, 0) == untouched


def test_what_a_rehearsal_took_is_what_the_next_forecast_rests_on(passage: Passage) -> None:
    create = "CREATE INDEX ix_item_note ON item (note)"
    alike = "CREATE INDEX another ON item (note)"
    explain = ("explain", "--env", "prod", f"{create}; {alike}")

    def forecasts() -> list[Any]:
        answer = passage.run(passage.folder, *explain, "--format", "json", **passage.environ)
        return [one["forecast"] for one in json.loads(answer.stdout)["statements"]]

    before = forecasts()
    rehearsed = passage.document("rehearse", "--env", "prod", "--rows", "0.5", "two", "--no-write")
    after = forecasts()

    assert ["assumed", "assumed"] == [one["basis"] for one in before]
    assert ["rehearsed", "rehearsed"] == [one["basis"] for one in after]
    assert "timed on scratch with 15,000 made-up rows" in after[0]["reasons"]
    assert "rates of 1 statement, timed on scratch with made-up rows" in after[1]["reasons"]
    took = rehearsed["revisions"][0]["statements"][0]["milliseconds"]
    assert took < after[0]["duration_ms"]["expected"] < 5 * took
    kept = (passage.folder / ".lockgate" / "timings.json").read_text()
    assert "CREATE" not in kept  # a statement may hold values


def test_rows_that_the_ledger_has_counted_teach_a_rate(passage: Passage) -> None:
    update = "UPDATE item SET id = id WHERE note IS NOT NULL"
    index = "CREATE INDEX quick ON item (note)"  # on a table of unknown size then
    entry = {
        "outcome": "done",
        "statements": [
            {"sql": update, "milliseconds": 9_000.0, "rows": 30_000},
            {"sql": index, "milliseconds": 90_000.0, "rows": None},
        ],
    }
    with connected(passage.prod) as connection:
        connection.execute(
            "SELECT lockgate.append_to_ledger(%s)", (json.dumps(entry, sort_keys=True),)
        )
    document = passage.document("explain", "--env", "prod", "UPDATE item SET note = 'x'")

    found = document["statements"][0]["forecast"]
    assert "recorded" == found["basis"]
    assert "rates of 1 statement in this database's ledger" in found["reasons"]
    assert 9_000 == pytest.approx(found["duration_ms"]["expected"], rel=0.05)


def test_a_deploy_teaches_rates_that_stay_true_when_the_table_grows(passage: Passage) -> None:
    more = "INSERT INTO item SELECT n, 'note ' || n FROM generate_series({}, {}) AS n"
    with connected(passage.prod) as connection:
        connection.execute(more.format(30_001, 150_000).encode())
        connection.execute("ANALYZE item")
    passage("rehearse", "--quiet")
    deployed = passage.run(
        passage.folder,
        "deploy",
        "prod",
        "--to",
        "two",
        "--yes",
        "prod",
        "--waive",
        "committed=tried",
        **passage.environ,
    )
    assert deployed.returncode == 0, deployed.stderr + deployed.stdout
    row = passage.document("log", "prod")["ledgers"][0]["rows"][0]
    (built,) = [s for s in row["statements"] if s["sql"].startswith("CREATE INDEX")]
    with connected(passage.prod) as connection:
        connection.execute(more.format(150_001, 300_000).encode())
        connection.execute("ANALYZE item")
    answer = passage.run(
        passage.folder,
        *("explain", "--env", "prod", "--format", "json", "CREATE INDEX again ON item (note)"),
        **passage.environ,
    )
    found = json.loads(answer.stdout)["statements"][0]["forecast"]

    assert [("btree index", "public.item", 150_000)] == [
        (work["kind"], work["relation"], work["rows"]) for work in built["works"]
    ]
    assert ("recorded", 300_000) == (found["basis"], found["rows"])
    # Twice the rows take a little more than twice as long, whatever this machine is.
    assert 2.1 * built["milliseconds"] == pytest.approx(found["duration_ms"]["expected"], rel=0.15)


def test_a_plan_that_needs_more_than_the_disk_has_is_refused(passage: Passage) -> None:
    def verdict(disk: str) -> dict[str, Any]:
        written = SETTINGS.replace('role = "production"', f'role = "production"\n{disk}')
        (passage.folder / "lockgate.toml").write_text(written)
        answer = passage.run(passage.folder, "plan", "prod", "--format", "json", **passage.environ)
        found: list[dict[str, Any]] = json.loads(answer.stdout)["verdicts"]
        return next(one for one in found if one["gate"] == "disk")

    unknown, small, large = map(verdict, ("", 'disk = "1MB"', 'disk = "2 TB"'))

    assert (True, False, True) == (unknown["ok"], small["ok"], large["ok"])
    assert re.fullmatch(
        r"it needs up to [\d.]+ MB, and how much is free is not known: PostgreSQL does not tell,"
        r" so give disk in the settings",
        unknown["reason"],
    )
    assert re.fullmatch(
        r"it needs up to [\d.]+ MB, and only 0 B are free: make room, or run its revisions one by"
        r" one",
        small["reason"],
    )
    assert re.fullmatch(r"it needs up to [\d.]+ MB of the 2.0 TB that are free", large["reason"])
    (passage.folder / "lockgate.toml").write_text(SETTINGS + 'disk = "plenty"\n')
    wrong = passage.run(passage.folder, "plan", "prod", **passage.environ)
    assert 2 == wrong.returncode
    assert '"plenty" is no size; write a number with kB' in wrong.stderr


def test_a_plan_keeps_its_hash_when_its_forecasts_move(passage: Passage) -> None:
    plan = passage.folder / "plan.json"
    arguments = ("plan", "prod", "-o", str(plan))
    passage.run(passage.folder, *arguments, **passage.environ)
    first = json.loads(plan.read_text())
    with connected(passage.prod) as connection:
        connection.execute("INSERT INTO item (id) SELECT n FROM generate_series(30001, 90000) n")
        connection.execute("ANALYZE item")
    passage.run(passage.folder, *arguments, **passage.environ)
    second = json.loads(plan.read_text())

    rows = [d["steps"][0]["statements"][0]["forecast"]["rows"] for d in (first, second)]
    assert [30_000, 90_000] == rows
    assert first["hash"] == second["hash"]
    deployed = passage.run(
        passage.folder,
        "deploy",
        "prod",
        "--plan",
        str(plan),
        "--approve",
        "sha256:0",
        **passage.environ,
    )  # it reads the file whole before it refuses the hash
    assert "LG-PLAN-1" not in deployed.stderr


def test_a_share_that_is_none_is_refused(passage: Passage) -> None:
    answers = [
        passage.run(passage.folder, "preview", "--env", "prod", f"--rows={n}", **passage.environ)
        for n in ("0", "1.5")
    ]

    assert [2, 2] == [answer.returncode for answer in answers]
    assert "error[LG-SCR-7]: --rows is a share of the target's rows" in answers[0].stderr
    assert '"1.5"' in answers[1].stderr
