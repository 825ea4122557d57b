"""`lockgate snapshot` and `lockgate diff` over every kind of target."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server

SETTINGS = """\
[scratch]
url = "env:SCRATCH_URL"
[environments.dev]
role = "development"
url = "env:DEV_URL"
"""

ENV_PY = """\
import os
import sqlalchemy as sa
from alembic import context

metadata = sa.MetaData()
sa.Table(
    "item", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("note", sa.Text),
    sa.Column("size", sa.Integer),
    sa.Column("weight", sa.Integer),
)
engine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    """Three revisions, and models with one column more."""
    return make_project(SETTINGS, env_py=ENV_PY)


@pytest.fixture
def run(project: Path, server: Server, database: DatabaseUrl, lockgate: Run) -> Run:
    """Runs a command in the project, with DEV enrolled and at head."""

    def here(*arguments: str) -> subprocess.CompletedProcess[str]:
        return lockgate(
            project, *arguments, DEV_URL=database.render(), SCRATCH_URL=server.url.render()
        )

    assert here("env", "enroll", "dev", "--yes", "dev").returncode == 0
    assert here("upgrade", "--env", "dev").returncode == 0
    return here


def changes(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str]]:
    """Kind and name (with the property) of each change in the JSON that was printed."""
    return [
        (c["kind"], f"{c['name']} {c['property'] or ''}".strip())
        for c in json.loads(done.stdout)["changes"]
    ]


def test_diff_of_a_database_and_its_revision_is_empty(run: Run) -> None:
    done = run("diff", "dev", "revision:head", "--format", "json")

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["equal"] is True


def test_diff_names_what_the_models_have_and_the_revisions_lack(run: Run) -> None:
    done = run("diff", "revision:head", "models", "--format", "json")

    assert done.returncode == 1
    assert [kind for kind, _ in changes(done)] == ["added"]
    assert "weight" in changes(done)[0][1]


def test_diff_turned_round_turns_the_changes_round(run: Run) -> None:
    done = run("diff", "models", "revision:head", "--format", "json")

    assert done.returncode == 1
    assert [kind for kind, _ in changes(done)] == ["removed"]


def test_diff_finds_what_somebody_did_by_hand(run: Run, database: DatabaseUrl) -> None:
    with psycopg.connect(make_conninfo(**database.conninfo())) as connection:
        connection.execute("CREATE INDEX by_hand ON item (size)")

    done = run("diff", "revision:head", "dev")

    assert done.returncode == 1
    assert "+ index public.by_hand" in done.stdout


def test_snapshot_file_stands_for_the_database_later(
    run: Run, project: Path, database: DatabaseUrl
) -> None:
    written = run("snapshot", "dev", "-o", "before.json")
    same = run("diff", "before.json", "dev")
    with psycopg.connect(make_conninfo(**database.conninfo())) as connection:
        connection.execute("ALTER TABLE item DROP COLUMN note")
    moved = run("diff", "before.json", "dev")

    assert written.returncode == 0, written.stderr
    assert same.returncode == 0, same.stdout
    assert moved.returncode == 1
    assert "note" in moved.stdout


def test_snapshot_of_a_database_without_a_mark_by_its_url(
    run: Run, server: Server, new_database: Callable[[Server], DatabaseUrl]
) -> None:
    url = new_database(server)

    done = run("snapshot", url.render())

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "lockgate/snapshot/1"
    assert document["fingerprint"].startswith("sha256:")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"schema": "lockgate/snapshot/1", "serv', "cut short"),
        ('{"schema": "lockgate/snapshot/2"}', "lockgate/snapshot/2"),
        ('{"schema": "lockgate/snapshot/1", "server": "18.4"}', "fingerprint"),
    ],
)
def test_snapshot_file_that_is_not_whole_is_refused(
    run: Run, project: Path, text: str, reason: str
) -> None:
    (project / "broken.json").write_text(text)

    done = run("diff", "broken.json", "dev")

    assert done.returncode == 2
    assert "error[LG-SNAP-1]" in done.stderr
    assert reason in done.stderr


def test_snapshot_file_that_was_edited_is_refused(run: Run, project: Path) -> None:
    run("snapshot", "dev", "-o", "edited.json")
    file = project / "edited.json"
    file.write_text(file.read_text().replace("note", "nota"))

    done = run("diff", "edited.json", "dev")

    assert done.returncode == 2
    assert "it was edited" in done.stderr


def test_unknown_target_names_the_forms(run: Run) -> None:
    done = run("diff", "nowhere", "dev")

    assert done.returncode == 2
    assert "models, or revision:REV" in done.stderr


# Statements


def execute(database: DatabaseUrl, *statements: str) -> None:
    with psycopg.connect(make_conninfo(**database.conninfo()), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_statements_of_a_diff_are_proved_and_lead_there(run: Run, database: DatabaseUrl) -> None:
    done = run("diff", "dev", "models", "--sql")
    execute(database, done.stdout)

    assert (0, "") == (done.returncode, done.stderr)
    assert "BEGIN;\nALTER TABLE public.item ADD COLUMN weight integer;\nCOMMIT;\n" == done.stdout
    assert run("diff", "dev", "models").returncode == 0


def test_statements_start_from_a_snapshot_file_as_well(run: Run, database: DatabaseUrl) -> None:
    run("snapshot", "dev", "-o", "before.json")
    execute(database, "CREATE TYPE mood AS ENUM ('ok')", "ALTER TABLE item ADD mood mood")

    done = run("diff", "before.json", "dev", "--sql", "--format", "json")
    document = json.loads(done.stdout)

    assert done.returncode == 0, done.stderr
    assert document["proved"] is True
    assert document["left"] == []
    assert [statement["sql"] for statement in document["statements"]] == [
        "CREATE TYPE public.mood AS ENUM ('ok')",
        "ALTER TABLE public.item ADD COLUMN mood public.mood",
    ]
    assert [change["sql"] for change in document["changes"]] == [
        "CREATE TYPE public.mood AS ENUM ('ok')",
        "ALTER TABLE public.item ADD COLUMN mood public.mood",
    ]


def test_statements_say_which_rows_they_lose(run: Run, database: DatabaseUrl) -> None:
    execute(database, "ALTER TABLE item ADD extra text")

    done = run("diff", "dev", "revision:head", "--sql")

    assert "-- loses what public.item.extra holds\n" in done.stdout
    assert done.returncode == 0


def test_what_may_have_been_renamed_is_not_dropped_unasked(run: Run, database: DatabaseUrl) -> None:
    execute(database, "ALTER TABLE item RENAME note TO notes")
    declared = "column:item.note=notes"

    shown = run("diff", "revision:head", "dev")
    refused = run("diff", "revision:head", "dev", "--sql")
    renamed = run("diff", "revision:head", "dev", "--sql", "--rename", declared)
    dropped = run("diff", "revision:head", "dev", "--sql", "--no-rename", "column:item.note")

    assert "? column public.item.note could have been renamed to notes" in shown.stdout
    assert "confirm with --rename 'column:public.item.note=notes'" in shown.stdout
    assert (1, "") == (refused.returncode, refused.stdout)
    assert refused.stderr == (
        'error[LG-DDL-4]: column "public.item.note" may have been renamed to "notes": statements '
        "would drop it\nhint: give --rename 'column:public.item.note=notes' if it was, "
        "--no-rename 'column:public.item.note' if not\n"
    )
    assert renamed.stdout == (
        "BEGIN;\nALTER TABLE public.item RENAME COLUMN note TO notes;\nCOMMIT;\n"
    )
    assert "DROP COLUMN note" in dropped.stdout
    assert "ADD COLUMN notes" in dropped.stdout
    assert (0, 0) == (renamed.returncode, dropped.returncode)


def test_a_rename_of_nothing_is_refused(run: Run) -> None:
    done = run("diff", "revision:head", "dev", "--sql", "--rename", "table:nothing=x")

    assert done.returncode == 2
    assert 'there is no table "public.nothing"' in done.stderr
