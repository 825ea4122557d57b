"""Forecasts where one `env.py` takes several databases along, as Alembic's multidb template."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lockgate.config import load_settings
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.binaries import find_pg_dump
from lockgate.postgres.servers import Server
from lockgate.report.preview import (
    preview_document,
    preview_html,
    preview_markdown,
    preview_text,
)
from lockgate.workflows.preview import preview
from lockgate.workflows.workspace import Workspace
from tests.conftest import NewDatabase, RunLockgate
from tests.forecast.test_statistics import connected
from tests.test_adoption import ENGINES, MULTIDB_REVISION, make_repository

INDEX = {
    "revision": "d4",
    "parent": "c3",
    "message": "by name",
    "up": 'op.create_index("by_name", "ship", ["name"])',
    "down": 'op.drop_index("by_name")',
    "up_2": 'op.create_index("by_name", "ship", ["name"])',
    "down_2": 'op.drop_index("by_name")',
}
"""The same statement on both, over tables of the same name and of another size."""

SIZES = {"engine1": 60_000, "engine2": 150_000}


@dataclass(frozen=True)
class Fleet:
    """An environment with a large and a small table `ship`, at revision c3."""

    folder: Path
    urls: dict[str, DatabaseUrl]
    run: RunLockgate

    def __call__(self, *arguments: str) -> str:
        answer = self.run(self.folder, *arguments)
        assert answer.returncode in (0, 1), answer.stderr + answer.stdout
        return answer.stdout

    def document(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--format", "json"))


@pytest.fixture
def fleet(
    tmp_path: Path,
    lockgate: RunLockgate,
    server: Server,
    second_server: Server,
    new_database: NewDatabase,
) -> Fleet:
    make_repository(tmp_path, "multidb")
    (tmp_path / "migrations/versions/d4_x.py").write_text(MULTIDB_REVISION.format(**INDEX))
    urls = {engine: new_database(second_server) for engine in ENGINES}
    settings = [
        f'[scratch]\nurl = "{server.url.render()}"\n[environments.prod]\nrole = "staging"\n',
        "[environments.prod.databases]\n",
        *(f'{engine} = "{url.render()}"\n' for engine, url in urls.items()),
    ]
    (tmp_path / "lockgate.toml").write_text("".join(settings))
    for engine, url in urls.items():
        with connected(url) as connection:
            connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
            connection.execute("INSERT INTO alembic_version VALUES ('c3')")
            connection.execute("CREATE TABLE ship (id integer PRIMARY KEY, name text)")
            connection.execute(
                "INSERT INTO ship SELECT n, md5(n::text) FROM generate_series(1, %s) AS n",
                (SIZES[engine],),
            )
            connection.execute("ANALYZE ship")
    found = Fleet(tmp_path, urls, lockgate)
    found("env", "enroll", "prod", "--yes", "prod")
    return found


def test_each_statement_is_forecast_from_the_database_that_it_runs_on(fleet: Fleet) -> None:
    workspace = Workspace(load_settings(fleet.folder / "lockgate.toml"), environ={})
    found = preview(workspace, None, environment="prod")
    document = preview_document(found)
    plan = fleet.document("plan", "prod")

    (revision,) = document["revisions"]
    built = [one for one in revision["upgrade"] if one["sql"].startswith("CREATE INDEX")]
    planned = [s for s in plan["steps"][0]["statements"] if s["sql"].startswith("CREATE INDEX")]
    for sent in (built, planned):
        assert SIZES == {one["database"]: one["forecast"]["rows"] for one in sent}
    assert [e["relation"] for e in built[1]["effects"]][:1] == ["public.ship"]
    small, large = (one["forecast"]["duration_ms"]["expected"] for one in built)
    assert 2 < large / small < 3
    # The template commits all databases at the end.
    blocked = [one["forecast"]["writes_blocked_ms"]["expected"] for one in built]
    assert small + large == pytest.approx(blocked[0], rel=0.1)
    assert blocked[0] > blocked[1] >= large
    text = preview_text(found, width=80)
    assert "line 19 on engine1" in text
    assert "line 27 on engine2" in text
    assert "on 150,000 rows" in text
    assert "| 19 on engine1 | `CREATE INDEX" in preview_markdown(found)
    assert "line 27 on engine2</p>" in preview_html(found)


def test_explain_tells_what_a_statement_costs_on_each_database(fleet: Fleet) -> None:
    with connected(fleet.urls["engine2"]) as connection:
        connection.execute("CREATE TABLE log AS SELECT n FROM generate_series(1, 1000) AS n")
        connection.execute("ANALYZE log")
    script = "DROP INDEX none; CREATE INDEX ON ship (name); UPDATE log SET n = 0"
    statements = fleet.document("explain", "--env", "prod", script)["statements"]
    text = fleet("explain", "--env", "prod", script)

    rows = [{k: v["rows"] for k, v in one["forecasts"].items()} for one in statements]
    assert [{"engine1": 0, "engine2": 0}, SIZES, {"engine2": 1_000}] == rows
    assert [None] * 3 == [one["forecast"] for one in statements]
    assert text.index("on engine1") < text.index("on 60,000 rows") < text.index("on 150,000 rows")


def test_each_database_learns_rates_of_its_own(fleet: Fleet) -> None:
    said = fleet("rehearse", "--env", "prod", "--rows", "0.5", "--no-write")
    create = "CREATE INDEX by_name ON ship (name)"
    found = fleet.document("explain", "--env", "prod", create)["statements"][0]["forecasts"]

    assert "30,000 made-up rows in 1 table on engine1" in said
    reasons = {part: forecast["reasons"][0] for part, forecast in found.items()}
    assert {
        "engine1": "timed on scratch with 30,000 made-up rows",
        "engine2": "timed on scratch with 75,000 made-up rows",
    } == reasons


def test_each_ledger_keeps_what_its_own_database_had_to_do(fleet: Fleet) -> None:
    answer = fleet.run(fleet.folder, "upgrade", "--env", "prod")
    assert answer.returncode == 0, answer.stderr
    ledgers = fleet.document("log", "prod")["ledgers"]

    works = {
        one["part"]: [work for s in one["rows"][0]["statements"] for work in s.get("works", ())]
        for one in ledgers
    }
    assert {part: [("btree index", "public.ship", rows)] for part, rows in SIZES.items()} == {
        part: [(w["kind"], w["relation"], w["rows"]) for w in found]
        for part, found in works.items()
    }
    alike = "CREATE INDEX other ON ship (name)"
    found = fleet.document("explain", "--env", "prod", alike)["statements"][0]["forecasts"]
    assert {"engine1": "recorded", "engine2": "recorded"} == {
        k: v["basis"] for k, v in found.items()
    }


def test_a_script_does_on_each_database_what_is_meant_for_it(fleet: Fleet) -> None:
    script = fleet.folder / "upgrade.sql"
    script.write_text(fleet("preview", "--env", "prod", "--format", "sql"))
    text = script.read_text()
    script.write_text(text.replace("CREATE INDEX by_name", "CREATE INDEX by_2", 1))
    for url in fleet.urls.values():
        program = [str(find_pg_dump(18).with_name("psql")), "-Xq", "-v", "ON_ERROR_STOP=1"]
        subprocess.run([*program, "-d", url.render(), "-f", str(script)], check=True, text=True)

    assert "run it on each of engine1, engine2: it does there what is meant for it" in text
    built = {}
    for part, url in fleet.urls.items():
        with connected(url) as connection:
            rows = connection.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'ship'")
            built[part] = sorted(name for (name,) in rows if name != "ship_pkey")
            assert ("d4",) == connection.execute("SELECT * FROM alembic_version").fetchone()
    assert {"engine1": ["by_2"], "engine2": ["by_name"]} == built
