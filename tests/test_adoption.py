"""Repositories made with Alembic's own templates, adopted as they are and taken to head."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from lockgate.config import load_settings
from lockgate.core.catalog import ChangeKind
from lockgate.core.finding import Finding
from lockgate.core.linter import LintedStatement
from lockgate.core.outcome import Outcome
from lockgate.core.progress import Silent
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus
from lockgate.migrations.driver import StatementFailed
from lockgate.migrations.project import DatabaseSectionMissing
from lockgate.postgres.servers import Server
from lockgate.workflows import lint
from lockgate.workflows.downgrade import downgrade
from lockgate.workflows.environments import enroll, relabel
from lockgate.workflows.init import Wishes, init
from lockgate.workflows.upgrade import upgrade
from lockgate.workflows.workspace import Workspace

NewDatabase = Callable[..., DatabaseUrl]

TEMPLATES = ["generic", "async", "pyproject", "pyproject_async", "multidb"]
ENGINES = ("engine1", "engine2")
WRITTEN = [".github/workflows/lockgate.yml.example", "lockgate.lock", "lockgate.toml"]

REVISION = '''\
"""{message}"""

from alembic import op
import sqlalchemy as sa

revision = "{revision}"
down_revision = {parent!r}


def upgrade():
    {up}


def downgrade():
    {down}
'''

MULTIDB_REVISION = '''\
"""{message}"""

from alembic import op
import sqlalchemy as sa

revision = "{revision}"
down_revision = {parent!r}


def upgrade(engine_name):
    globals()[f"upgrade_{{engine_name}}"]()


def downgrade(engine_name):
    globals()[f"downgrade_{{engine_name}}"]()


def upgrade_engine1():
    {up}


def downgrade_engine1():
    {down}


def upgrade_engine2():
    {up_2}


def downgrade_engine2():
    {down_2}
'''

REVISIONS = (
    {
        "revision": "a1",
        "parent": None,
        "message": "ships",
        "up": 'op.create_table("ship", sa.Column("id", sa.Integer, primary_key=True))',
        "down": 'op.drop_table("ship")',
        "up_2": 'op.create_table("log", sa.Column("id", sa.Integer, primary_key=True))',
        "down_2": 'op.drop_table("log")',
    },
    {
        "revision": "b2",
        "parent": "a1",
        "message": "names",
        "up": 'op.add_column("ship", sa.Column("name", sa.Text))',
        "down": 'op.drop_column("ship", "name")',
        "up_2": 'op.add_column("log", sa.Column("line", sa.Text))',
        "down_2": 'op.drop_column("log", "line")',
    },
    {
        "revision": "c3",
        "parent": "b2",
        "message": "first ship",
        "up": """op.execute("INSERT INTO ship VALUES (1, 'Anna')")""",
        "down": 'op.execute("DELETE FROM ship WHERE id = 1")',
        "up_2": """op.execute("INSERT INTO log VALUES (1, 'Anna')")""",
        "down_2": 'op.execute("DELETE FROM log WHERE id = 1")',
    },
)


@pytest.mark.parametrize("template", TEMPLATES)
def test_adopted_repository_goes_to_head_without_an_edit(
    tmp_path: Path, server: Server, new_database: NewDatabase, template: str
) -> None:
    make_repository(tmp_path, template)
    names = [f"DEV_{e.upper()}_URL" for e in ENGINES] if template == "multidb" else None
    urls = {name: new_database(server).render() for name in names or ["DEV_DATABASE_URL"]}

    for words in ("init", "env enroll dev --yes dev", "upgrade --env dev"):
        ran = lockgate(tmp_path, urls, *words.split())
        assert ran.returncode == 0, ran.stderr + ran.stdout

    for url, table in zip(urls.values(), ("ship", "log"), strict=False):
        assert query(url, "SELECT version_num FROM alembic_version") == [("c3",)]
        assert query(url, f"SELECT * FROM {table}") == [(1, "Anna")]
    status = git(tmp_path, "status", "--short", "--untracked-files=all").splitlines()
    assert status == [f"?? {name}" for name in WRITTEN]


def make_repository(folder: Path, template: str) -> None:
    with chdir(folder):
        command.init(Config("alembic.ini", "pyproject.toml"), "migrations", template)
    text = MULTIDB_REVISION if template == "multidb" else REVISION
    for revision in REVISIONS:
        path = folder / f"migrations/versions/{revision['revision']}_x.py"
        path.write_text(text.format(**revision))
    (folder / ".gitignore").write_text("__pycache__/\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "an Alembic project")


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    ran = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True
    )
    return ran.stdout


def lockgate(
    folder: Path, environ: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    program = "from lockgate.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | dict(environ),
        check=False,
    )


def query(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(DatabaseUrl.parse(url, source="test").render()) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


@dataclass
class Fleet:
    """An adopted repository with two databases, both enrolled as `dev`."""

    folder: Path
    urls: dict[str, str]

    @property
    def workspace(self) -> Workspace:
        return Workspace(load_settings(self.folder / "lockgate.toml"), environ=self.urls)

    def upgrade(self, revision: str = "head") -> Outcome:
        return upgrade(self.workspace, "dev", revision, tag=None)[1]

    def both(self, sql: str) -> list[list[tuple[object, ...]]]:
        return [query(url, sql) for url in self.urls.values()]

    def tables(self) -> list[list[tuple[object, ...]]]:
        return self.both("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")


@pytest.fixture
def fleet(tmp_path: Path, server: Server, new_database: NewDatabase) -> Fleet:
    make_repository(tmp_path, "multidb")
    urls = {f"DEV_{e.upper()}_URL": new_database(server).render() for e in ENGINES}
    init(Wishes(tmp_path), {}, None)
    made = Fleet(tmp_path, urls)
    enroll(made.workspace, "dev", lambda *_: None)
    return made


def test_every_database_has_its_part_of_one_mark(fleet: Fleet) -> None:
    marks = enroll(fleet.workspace, "dev", lambda *_: None)

    assert [mark.part for mark in marks] == list(ENGINES)
    assert len({mark.uuid for mark in marks}) == 1


def test_every_database_is_proved_to_be_at_head(fleet: Fleet) -> None:
    outcome = fleet.upgrade()

    assert outcome.heads_after == {"engine1": ("c3",), "engine2": ("c3",)}


def test_every_database_keeps_its_own_ledger(fleet: Fleet) -> None:
    fleet.upgrade()

    entries = fleet.both(
        "SELECT entry::jsonb ->> 'revision', (entry::jsonb ->> 'attempt')::int "
        "FROM lockgate.ledger ORDER BY id"
    )
    assert entries == [[(None, 1), ("a1", 1), ("b2", 1), ("c3", 1)]] * 2


def test_changes_are_those_of_all_databases_and_version_tables_are_none(fleet: Fleet) -> None:
    fleet.upgrade("a1")

    changes = fleet.upgrade("b2").changes

    assert [(c.kind, c.name) for c in changes if not c.cosmetic] == [
        (ChangeKind.ADDED, "public.ship.name"),
        (ChangeKind.ADDED, "public.log.line"),
    ]


def test_lint_sees_what_a_revision_sends_to_every_database(fleet: Fleet) -> None:
    answers = list(
        lint.run(lint.Request(("base:heads",)), lambda: fleet.workspace, Silent()).answers
    )

    sent = [a.sql.split("(")[0].split() for a in answers if isinstance(a, LintedStatement)]
    assert [["CREATE", "TABLE", "ship"], ["CREATE", "TABLE", "log"]] == sent[:2]
    assert 6 == len(sent)
    assert "LG079" not in {a.code for a in answers if isinstance(a, Finding)}


def test_lint_knows_the_tables_of_every_database(fleet: Fleet, tmp_path: Path) -> None:
    fleet.upgrade("b2")
    file = tmp_path / "change.sql"
    file.write_text("CREATE INDEX a ON ship (name); CREATE INDEX b ON log (line);")

    request = lint.Request((str(file),), environment="dev")
    found = list(lint.run(request, lambda: fleet.workspace, Silent()).answers)

    messages = [f.message for f in found if isinstance(f, Finding)]
    assert [
        "blocks writes on ship while a is built (0 rows)",
        "blocks writes on log while b is built (0 rows)",
    ] == messages


def test_databases_in_another_order_in_the_settings_are_told_apart(fleet: Fleet) -> None:
    path = fleet.folder / "lockgate.toml"
    lines = path.read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("databases.engine1"))
    lines[first], lines[first + 1] = lines[first + 1], lines[first]
    path.write_text("\n".join(lines))
    fleet.upgrade("a1")
    query(fleet.urls["DEV_ENGINE2_URL"], "UPDATE alembic_version SET version_num = 'b2'")

    outcome = fleet.upgrade("b2")

    assert outcome.heads_before == {"engine1": ("a1",), "engine2": ("b2",)}
    assert [(step.part, step.revision) for step in outcome.steps] == [("engine1", "b2")]


def test_failure_in_the_second_database_leaves_both_as_they_were(fleet: Fleet) -> None:
    fleet.upgrade("a1")
    query(fleet.urls["DEV_ENGINE2_URL"], "DROP TABLE log")

    with pytest.raises(StatementFailed) as failed:
        fleet.upgrade()

    assert failed.value.exit_status is ExitStatus.ROLLED_BACK
    assert fleet.both("SELECT version_num FROM alembic_version") == [[("a1",)], [("a1",)]]


def test_downgrade_takes_both_databases_back(fleet: Fleet) -> None:
    fleet.upgrade()

    downgrade(fleet.workspace, "dev", "base", tag=None)

    assert fleet.tables() == [[("alembic_version",)]] * 2


def test_databases_of_a_staging_environment_are_known_by_one_mark(fleet: Fleet) -> None:
    path = fleet.folder / "lockgate.toml"
    path.write_text(path.read_text().replace('"development"', '"staging"'))
    relabel(fleet.workspace, "dev", lambda *_: None)

    outcome = fleet.upgrade()

    assert outcome.heads_after == {"engine1": ("c3",), "engine2": ("c3",)}


def test_database_that_alembic_does_not_have_is_refused_by_name(fleet: Fleet) -> None:
    path = fleet.folder / "alembic.ini"
    path.write_text(path.read_text().replace("[engine2]", "[engine3]"))

    with pytest.raises(DatabaseSectionMissing) as refused:
        fleet.upgrade()

    assert refused.value.message == (
        'the settings name a database "engine2", but alembic.ini has no [engine2]'
    )
