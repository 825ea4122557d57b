"""What lockgate makes of the ways in which an `env.py`, or a revision, can go wrong.

Each is run with the real command line. The database is looked at afterwards, since an exit
status is only worth what stands behind it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from lockgate.config import load_settings
from lockgate.core.url import DatabaseUrl
from lockgate.workflows import environments
from lockgate.workflows.workspace import Workspace
from tests.conftest import ENV_PY, REVISIONS, MakeProject, NewDatabase, RunLockgate

Run = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Site:
    """A project with an enrolled database."""

    url: DatabaseUrl
    run: Run

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url.render()) as connection:
            return connection.execute(sql).fetchall()

    def version(self) -> list[tuple[object, ...]]:
        """What the version table names; none where it is not even there."""
        there = self.ask("SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL")
        return self.ask("SELECT version_num FROM alembic_version") if there else []


MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(make_project: MakeProject, database: DatabaseUrl, lockgate: RunLockgate) -> MakeSite:
    def make(
        env_py: str = ENV_PY, revisions: dict[str, tuple[str, str]] = REVISIONS, settings: str = ""
    ) -> Site:
        text = f'[environments.dev]\nrole = "development"\nurl = "{database.render()}"\n'
        folder = make_project(settings + text, env_py=env_py, revisions=revisions)
        workspace = Workspace(load_settings(folder / "lockgate.toml"), environ={})
        environments.enroll(workspace, "dev", lambda *_: None)
        return Site(database, lambda *typed: lockgate(folder, *typed, "--env", "dev"))

    return make


HEAD = [("three",)]
BEFORE = "with context.begin_transaction():"
RUN = "context.run_migrations()"


def env_py(old: str, new: str) -> str:
    """The usual `env.py` with `new`, indented as its place asks for, instead of `old`."""
    line = next(line for line in ENV_PY.splitlines() if old in line)
    indent = line[: len(line) - len(line.lstrip())]
    return ENV_PY.replace(line, "\n".join(indent + each for each in new.splitlines()))


SWALLOWS = f"try:\n    {RUN}\nexcept BaseException:\n    pass"
RESETS_LOGGING = """\
from logging.config import dictConfig
dictConfig({"version": 1, "disable_existing_loggers": True, "root": {"level": "DEBUG"}})
"""


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        (
            env_py("context.configure", "connection.exec_driver_sql('SELECT 1')\n"
                   "context.configure(connection=connection)"),
            5,
            ["error[LG-RUN-5]", "did not commit", "call connection.commit()"],
        ),
        ("import sys\nsys.exit('no thanks')\n", 5, ['env.py:2 raised "SystemExit: no thanks"']),
        ("import sys\nsys.exit()\n", 2, ["error[LG-RUN-4]"]),
        (env_py(RUN, f"{RUN}\nraise SystemExit(3)"), 6, ["what ran before it stands: one to"]),
        ("import nonexistent\n", 5, ["env.py:1 raised", "No module named 'nonexistent'"]),
        ("1 / 0\n", 5, ["env.py:1 raised", "ZeroDivisionError"]),
        ("def (:\n", 5, ["SyntaxError"]),
    ],
)  # fmt: skip
def test_env_py_that_goes_wrong_is_named(
    make_site: MakeSite, text: str, status: int, words: list[str]
) -> None:
    site = make_site(text)

    answer = site.run("upgrade")

    assert answer.returncode == status, answer.stderr
    assert [] == [word for word in words if word not in answer.stderr]
    assert site.version() == (HEAD if status == 6 else [])


@pytest.mark.parametrize(
    "text",
    [
        ENV_PY,
        env_py("context.configure", "context.configure(connection=connection,"
               " transaction_per_migration=False)"),
        ENV_PY.replace("engine.connect()", "engine.begin()"),
        ENV_PY + "raise SystemExit(0)\n",
        RESETS_LOGGING + ENV_PY,
        ENV_PY.replace("poolclass=pool.NullPool", "pool_size=1, max_overflow=0"),
    ],
)  # fmt: skip
def test_env_py_that_is_only_odd_runs(make_site: MakeSite, text: str) -> None:
    site = make_site(text)

    answer = site.run("upgrade")

    assert (answer.returncode, site.version()) == (0, HEAD), answer.stderr
    assert "DEBUG" not in answer.stdout + answer.stderr


def test_env_py_prints_to_stderr_and_leaves_stdout_to_lockgate(make_site: MakeSite) -> None:
    site = make_site("print('hello from env.py')\n" + ENV_PY)

    answer = site.run("upgrade", "--format", "json")

    assert answer.stdout.startswith('{\n  "schema": "lockgate/upgrade/1"')
    assert "hello from env.py" in answer.stderr


FAILS = {
    **REVISIONS,
    "four": ("op.execute('CREATE TABLE half (id int)')\n    op.execute('SELECT 1 / 0')", "pass"),
}


@pytest.mark.parametrize(
    "text",
    [
        ENV_PY,
        env_py(RUN, SWALLOWS),
        env_py(RUN, f"try:\n    {RUN}\nexcept Exception as e:\n    raise OSError('oh') from e"),
        env_py("context.configure", "context.configure(connection=connection,"
               " transaction_per_migration=False)"),
    ],
)  # fmt: skip
def test_failed_statement_is_told_whatever_env_py_makes_of_it(
    make_site: MakeSite, text: str
) -> None:
    site = make_site(text, FAILS)

    answer = site.run("upgrade")

    assert answer.returncode == 6, answer.stderr
    assert (
        "error[LG-RUN-1]: upgrade of revision four failed and was rolled back, at four.py:10: "
        "division by zero (SQLSTATE 22012); what ran before it stands: one to three\n"
        in answer.stderr
    )
    assert site.version() == HEAD
    assert site.ask("SELECT to_regclass('half')") == [(None,)]


def test_failure_of_the_only_revision_changes_nothing(make_site: MakeSite) -> None:
    site = make_site(revisions={"four": FAILS["four"]})

    answer = site.run("upgrade")

    assert (answer.returncode, site.version()) == (5, [])


def test_failure_in_a_transaction_of_env_pys_own_takes_everything_back(
    make_site: MakeSite,
) -> None:
    site = make_site(ENV_PY.replace("engine.connect()", "engine.begin()"), FAILS)

    answer = site.run("upgrade")

    assert (answer.returncode, site.version()) == (5, []), answer.stderr
    assert site.ask("SELECT to_regclass('item')") == [(None,)]


def test_refusal_wins_over_env_py_and_revision_that_swallow_it(
    make_site: MakeSite, server: object, new_database: NewDatabase
) -> None:
    other = new_database(server)
    revision = (
        "import sqlalchemy\n"
        f"    url = {other.with_driver('psycopg').render()!r}\n"
        "    try:\n"
        "        with sqlalchemy.create_engine(url).begin() as connection:\n"
        "            connection.exec_driver_sql('CREATE TABLE stray (id int)')\n"
        "    except Exception:\n"
        "        op.execute('CREATE TABLE half (id int)')"
    )
    site = make_site(env_py(RUN, SWALLOWS), {"one": (revision, "pass")})

    answer = site.run("upgrade")

    assert answer.returncode == 3, answer.stderr
    assert site.version() == []
    assert site.ask("SELECT to_regclass('half')") == [(None,)]
    with psycopg.connect(other.render()) as connection:
        assert connection.execute("SELECT to_regclass('stray')").fetchone() == (None,)


def test_error_of_env_py_that_quotes_the_password_is_shown_without_it(
    make_project: MakeProject,
    lockgate: RunLockgate,
    tcp_server: object,
    new_database: NewDatabase,
) -> None:
    url = new_database(tcp_server)
    tcp = tcp_server.tcp_url.with_database(url.database)  # type: ignore[attr-defined]
    folder = make_project(
        '[environments.dev]\nrole = "development"\nurl = "env:DEV"\n',
        env_py="import os\nraise RuntimeError('cannot use ' + os.environ['DATABASE_URL'])\n",
    )
    lockgate(folder, "env", "enroll", "dev", "--yes", "dev", DEV=tcp.render())

    answer = lockgate(folder, "upgrade", "--env", "dev", "--verbose", DEV=tcp.render())

    assert answer.returncode == 5, answer.stderr
    assert "RuntimeError" in answer.stderr
    assert tcp.password not in answer.stderr
    assert tcp.render() not in answer.stderr


def test_env_py_that_cannot_connect_is_exit_4(make_site: MakeSite, tmp_path: Path) -> None:
    nowhere = f"postgresql+psycopg://u@/d?host={tmp_path}"
    site = make_site(ENV_PY.replace('os.environ["DATABASE_URL"]', repr(nowhere)))

    answer = site.run("upgrade")

    assert answer.returncode == 4, answer.stderr
    assert "error[LG-RUN-6]" in answer.stderr


def test_engine_in_autocommit_is_journalled_statement_by_statement(make_site: MakeSite) -> None:
    text = ENV_PY.replace("poolclass", 'isolation_level="AUTOCOMMIT", poolclass')
    site = make_site(text, {"one": FAILS["four"]})

    answer = site.run("upgrade")

    assert answer.returncode == 6, answer.stderr
    assert site.ask("SELECT sql FROM lockgate.journal WHERE done_at IS NOT NULL") == [
        ("CREATE TABLE half (id int)",)
    ]


@pytest.mark.parametrize(
    "commit",
    ["op.get_bind().commit()\n    op.get_bind().begin()", "op.execute('COMMIT')"],
)
def test_commit_of_a_revisions_own_is_journalled(make_site: MakeSite, commit: str) -> None:
    body = f"op.execute('CREATE TABLE half (id int)')\n    {commit}\n    op.execute('SELECT 1 / 0')"
    site = make_site(revisions={"one": (body, "pass")})

    stopped = site.run("upgrade")
    noted = site.ask("SELECT sql FROM lockgate.journal WHERE done_at IS NOT NULL")
    again = site.run("upgrade")

    assert (stopped.returncode, again.returncode) == (6, 6), stopped.stderr
    assert noted == [("CREATE TABLE half (id int)",)]
    assert "division by zero" in again.stderr


def test_journal_keeps_no_password_of_a_statement(make_site: MakeSite) -> None:
    body = (
        "with op.get_context().autocommit_block():\n"
        "        op.execute(\"CREATE ROLE keeper PASSWORD 'hidden secret'\")\n"
        "        op.execute('SELECT 1 / (SELECT count(*) FROM pg_tables WHERE tablename = $$t$$)')"
    )
    site = make_site(revisions={"one": (body, "pass")})

    stopped = site.run("upgrade")
    kept = site.ask("SELECT sql FROM lockgate.journal")
    with psycopg.connect(site.url.render()) as connection:
        connection.execute("CREATE TABLE t ()")
    status = site.run("upgrade").returncode
    with psycopg.connect(site.url.render()) as connection:
        connection.execute("DROP ROLE keeper")

    assert (stopped.returncode, status) == (6, 0), stopped.stderr
    assert kept == [("CREATE ROLE keeper PASSWORD '***'",)]
