"""Every kind of `env.py` goes through the whole passage, unchanged: see `tests/projects/`.

A project is `projects/common`, and `projects/history` unless it has a history of its own, with
its own files over them. The commands run in this process, as starting a new one for each would
take most of the time; each project's answers are gathered once, and then many claims are held
against them.
"""

from __future__ import annotations

import gc
import io
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote
from warnings import catch_warnings

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from psycopg.conninfo import make_conninfo

from lockgate.cli import main
from lockgate.core.catalog import Catalog, diff
from lockgate.core.ledger import LedgerRow, verify
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.binaries import find_pg_dump
from lockgate.postgres.catalog import read_catalog
from lockgate.postgres.connect import connect_unchecked
from lockgate.postgres.ledger import read_ledger
from lockgate.postgres.servers import Server, create_database, drop_database

PROJECTS = Path(__file__).parent / "projects"
NUMBERS = count(1)
Environ = Mapping[str, str]
RunLockgate = Callable[..., subprocess.CompletedProcess[str]]

SETTINGS = """\
{top}

[scratch]
url = "env:SCRATCH_URL"

[environments.dev]
role = "development"
url = "env:DEV_URL"
schemas = {schemas}
"""


def parts_of(url: DatabaseUrl) -> Environ:
    conninfo = url.conninfo()
    return {
        "DB_USER": conninfo["user"],
        "DB_HOST": conninfo["host"],
        "DB_PORT": conninfo["port"],
        "DB_NAME": conninfo["dbname"],
    }


@dataclass(frozen=True)
class Kind:
    """A project, and what its settings, its process and its commands need beside the usual.

    `driver` is the settings', `alembics_driver` the one that Alembic's own commands are given.
    `same_as_models` is what a rehearsal must say: None where it cannot compare.
    """

    name: str
    driver: str | None = None
    alembics_driver: str = "psycopg"
    settings: str = ""
    schemas: tuple[str, ...] = ()
    environ: Callable[[DatabaseUrl], Environ] = lambda _: {}
    options: tuple[str, ...] = ()
    same_as_models: bool | None = True
    own_history: bool = False
    several_heads: bool = False
    over_tcp: bool = False
    revision_finds: str | None = None
    """What a new revision holds that autogenerate does not see."""


KINDS = (
    Kind("psycopg_sync"),
    Kind("psycopg2_sync", alembics_driver="psycopg2"),
    Kind("asyncpg_async", alembics_driver="asyncpg"),
    Kind("psycopg_async", driver="psycopg"),
    Kind("several_metadata", own_history=True),
    Kind("own_version_table"),
    Kind("include_object", same_as_models=False),
    Kind("one_transaction"),
    Kind("transaction_per_revision"),
    Kind("branches", same_as_models=None, own_history=True, several_heads=True),
    Kind("merged", same_as_models=None, own_history=True),
    Kind("logging_reset"),
    Kind("app_url", settings='url_variable = "APP_DATABASE_URL"'),
    Kind("app_parts", environ=parts_of),
    Kind("search_path_committed", schemas=("observatory",)),
    Kind("advisory_lock"),
    Kind("module_engine"),
    Kind("module_async_engine", driver="asyncpg", alembics_driver="asyncpg"),
    Kind("engine_begin"),
    Kind("rewritten_driver", driver="asyncpg", alembics_driver="asyncpg"),
    Kind("hard_coded_url"),
    Kind("hooks", same_as_models=False),
    Kind(
        "pyproject_only",
        settings='alembic = "pyproject.toml"',
        same_as_models=False,
        revision_finds="exposure_is_positive",
    ),
    Kind("tenants", schemas=("mars",), options=("-x", "tenant=mars")),
    Kind("version_callback"),
    Kind("percent_password", over_tcp=True),
    Kind("reads_rows", same_as_models=None, own_history=True),
)


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit status."""

    exit: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:  # Any: JSON
        """The one document on stdout."""
        read: dict[str, Any] = json.loads(self.stdout)
        return read


@dataclass(frozen=True)
class Checkout:
    """A project in a git repository of its own, and the databases that it may go to."""

    kind: Kind
    folder: Path
    url: DatabaseUrl
    scratch: DatabaseUrl

    @property
    def environ(self) -> dict[str, str]:
        """What the commands find in their environment."""
        own = {"DEV_URL": self.url.render(), "SCRATCH_URL": self.scratch.render()}
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), **own} | dict(
            self.kind.environ(self.url)
        )

    def lockgate(self, *arguments: str) -> Answer:
        """Runs the command line in this process, and forgets what the project imported."""
        out, err = io.StringIO(), io.StringIO()
        status: object = 0
        with ExitStack() as stack:
            stack.enter_context(_as_in_a_new_process(self.folder, self.environ))
            stack.enter_context(patch.object(sys, "argv", ["lockgate", *arguments]))
            stack.enter_context(redirect_stdout(out))
            stack.enter_context(redirect_stderr(err))
            try:
                main.main()
            except SystemExit as stop:
                status = stop.code
        assert isinstance(status, int)
        return Answer(status, out.getvalue(), err.getvalue())

    def driven(self, *arguments: str) -> Answer:
        """The same for a command that runs `env.py`, with the project's own options."""
        return self.lockgate(*arguments, *self.kind.options)

    def alembic(self, run: Callable[[Config], None]) -> str:
        """What Alembic itself prints in this project."""
        out = io.StringIO()
        ini = self.folder / "alembic.ini"
        options = Namespace(x=[o for o in self.kind.options if o != "-x"] or None)
        url = self.url.with_driver(self.kind.alembics_driver).render()
        environ = self.environ | {"DATABASE_URL": url, "APP_DATABASE_URL": url}
        with _as_in_a_new_process(self.folder, environ), redirect_stdout(io.StringIO()):
            config = Config(
                ini if ini.exists() else None,
                self.folder / "pyproject.toml",
                stdout=out,
                cmd_opts=options,
            )
            if ini.exists():
                config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
            run(config)
        # What env.py leaves open to the end of its process, as one with a pool does.
        with catch_warnings(action="ignore", category=ResourceWarning):
            gc.collect()
        return out.getvalue()


@contextmanager
def _as_in_a_new_process(folder: Path, environ: Environ) -> Iterator[None]:
    """Keeps what a command does to its process from the next one."""
    commands, groups = list(main.app.registered_commands), list(main.app.registered_groups)
    handlers, level = list(logging.root.handlers), logging.root.level
    terminate = signal.getsignal(signal.SIGTERM)
    path = list(sys.path)
    with chdir(folder), patch.dict(os.environ, environ, clear=True):
        # A test before may have left "." in the path, which stands for the folder it was first
        # looked up in.
        sys.path[:] = [entry for entry in path if entry != "."]
        sys.path_importer_cache.clear()
        try:
            yield
        finally:
            main.app.registered_commands[:] = commands
            main.app.registered_groups[:] = groups
            logging.root.handlers[:] = handlers
            logging.root.setLevel(level)
            for logger in logging.root.manager.loggerDict.values():
                if isinstance(logger, logging.Logger):
                    logger.disabled = False
            signal.signal(signal.SIGTERM, terminate)
            sys.path[:] = path
            sys.path_importer_cache.clear()  # "." is another folder next time
            for name in [name for name in sys.modules if name.startswith("observatory")]:
                del sys.modules[name]


def check_out(kind: Kind, folder: Path, url: DatabaseUrl, scratch: DatabaseUrl) -> Checkout:
    """Writes the project into `folder` and commits it."""
    layers = ["common", *([] if kind.own_history else ["history"]), kind.name]
    for layer in layers:
        shutil.copytree(PROJECTS / layer, folder, dirs_exist_ok=True)
    if (folder / "pyproject.toml").exists():
        (folder / "alembic.ini").unlink()
    settings = SETTINGS.format(top=kind.settings, schemas=json.dumps(kind.schemas))
    if kind.driver is not None:
        settings = f'driver = "{kind.driver}"\n{settings}'
    (folder / "lockgate.toml").write_text(settings)
    git = ["git", "-c", "user.name=Tycho", "-c", "user.email=tycho@uraniborg.example"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "Begin"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    checkout = Checkout(kind, folder, url, scratch)
    if kind.name == "hard_coded_url":
        write_url(checkout, url.with_driver("psycopg").render())
    return checkout


def write_url(checkout: Checkout, url: str) -> None:
    env_py = checkout.folder / "migrations" / "env.py"
    env_py.write_text(re.sub('(?<=URL = ")[^"]*', lambda _: url, env_py.read_text()))


@dataclass
class Passage:
    """What the commands answered on the way from an empty database up, down, and up again."""

    checkout: Checkout
    answers: dict[str, Answer] = field(default_factory=dict)
    alembic: dict[str, str] = field(default_factory=dict)
    catalogs: dict[str, Catalog] = field(default_factory=dict)
    ledger: tuple[tuple[LedgerRow, ...], tuple[int, str] | None] = ((), None)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def passage(
    request: pytest.FixtureRequest,
    server: Server,
    tcp_server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Passage]:
    kind: Kind = request.param
    with ExitStack() as stack:
        on = tcp_server if kind.over_tcp else server
        url, fresh = (_new_database(stack, on, over_tcp=kind.over_tcp) for _ in range(2))
        folder = tmp_path_factory.mktemp(kind.name) / "project"
        yield go_through(Passage(check_out(kind, folder, url, server.url)), fresh=fresh)


def _new_database(stack: ExitStack, server: Server, *, over_tcp: bool = False) -> DatabaseUrl:
    address = server.tcp_url if over_tcp else server.url
    assert address is not None
    name = f"projects_{next(NUMBERS)}"
    url = create_database(address, name)
    stack.callback(drop_database, address, name)
    return url


def go_through(passage: Passage, *, fresh: DatabaseUrl) -> Passage:
    """Runs every command; the script of `preview` goes to the `fresh` database."""
    checkout = passage.checkout
    head = "heads" if checkout.kind.several_heads else "head"

    def on_dev(step: str, command_name: str, *arguments: str) -> None:
        answer = checkout.driven(command_name, "--env", "dev", "--format", "json", *arguments)
        passage.answers[step] = answer

    passage.answers["enroll"] = checkout.lockgate("env", "enroll", "dev", "--yes", "dev")
    passage.answers["rehearse"] = checkout.driven("rehearse", "--format", "json")
    passage.answers["rehearse again"] = checkout.driven("rehearse", "--format", "json")
    passage.answers["script"] = checkout.driven("preview", "--format", "sql")
    passage.answers["psql"] = run_script(fresh, passage.answers["script"].stdout)
    passage.catalogs["script"] = catalog(fresh)
    on_dev("upgrade", "upgrade", head)
    passage.catalogs["upgrade"] = catalog(checkout.url)
    passage.answers["current"] = checkout.driven("current", "--env", "dev")
    passage.alembic["current"] = checkout.alembic(command.current)
    on_dev("downgrade", "downgrade", "-1")
    on_dev("base", "downgrade", "base")
    passage.catalogs["base"] = catalog(checkout.url)
    on_dev("upgrade again", "upgrade", head)
    passage.catalogs["upgrade again"] = catalog(checkout.url)
    on_dev("revision", "revision", "-m", "nothing new")
    on_dev("stamp", "stamp", head)
    passage.answers["history"] = checkout.driven("history")
    passage.alembic["history"] = checkout.alembic(command.history)
    passage.answers["heads"] = checkout.lockgate("heads")
    passage.alembic["heads"] = checkout.alembic(command.heads)
    with psycopg.connect(make_conninfo(**checkout.url.conninfo())) as connection:
        passage.ledger = read_ledger(connection)
    return passage


def run_script(url: DatabaseUrl, script: str) -> Answer:
    """What psql says to a script that it is given as a DBA would."""
    psql = find_pg_dump(18).with_name("psql")
    address = make_conninfo(**url.conninfo())
    ran = subprocess.run(
        [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", address, "-f", "-"],
        input=script,
        capture_output=True,
        text=True,
    )
    return Answer(ran.returncode, ran.stdout, ran.stderr)


def catalog(url: DatabaseUrl) -> Catalog:
    """The structure at `url`, the version table included."""
    with connect_unchecked(url, purpose="test") as (connection, _, __):
        return read_catalog(connection)


def test_every_command_succeeds(passage: Passage) -> None:
    no_models = passage.checkout.kind.same_as_models is None
    failed = {
        step: answer
        for step, answer in passage.answers.items()
        if answer.exit and not (step == "revision" and no_models)
    }

    assert failed == {}


def test_each_revision_goes_up_down_and_up_alone(passage: Passage) -> None:
    revisions = passage.answers["rehearse"].document["revisions"]

    verdicts = {(r["up"], r["down"], r["restores"], r["error"]) for r in revisions}
    assert verdicts == {("ok", "ok", True, None)}


def test_one_process_makes_what_the_revisions_make_alone(passage: Passage) -> None:
    rehearsal = passage.answers["rehearse"].document

    assert (rehearsal["whole_error"], rehearsal["whole_changes"]) == (None, [])


def test_models_are_compared_with_the_revisions(passage: Passage) -> None:
    rehearsal = passage.answers["rehearse"].document

    expected = passage.checkout.kind.same_as_models
    assert (rehearsal["models_match"], rehearsal["models_error"]) == (expected, None)


def test_what_is_rehearsed_is_not_rehearsed_again(passage: Passage) -> None:
    assert passage.answers["rehearse again"].document["revisions"] == []


def test_preview_names_the_line_that_sends_each_statement(passage: Passage) -> None:
    script, folder = passage.answers["script"].stdout, passage.checkout.folder
    lines = [
        next(folder.rglob(f"{file}.py")).read_text().splitlines()[int(line) - 1].strip()
        for file, line in re.findall(r"^-- (\w+)\.py:(\d+)$", script, re.MULTILINE)
    ]

    assert [line for line in lines if not line.startswith(("op.", "bind.", "for "))] == []
    assert lines


def test_script_of_preview_makes_what_upgrade_makes(passage: Passage) -> None:
    assert diff(passage.catalogs["script"], passage.catalogs["upgrade"]) == ()


def test_downgrade_to_base_leaves_no_table_but_the_version_table(passage: Passage) -> None:
    tables = [o.name for o in passage.catalogs["base"].objects if o.kind == "table"]

    assert len(tables) == 1
    assert tables[0].endswith((".alembic_version", "operations.schema_revision"))


def test_up_down_and_up_again_ends_where_up_did(passage: Passage) -> None:
    assert diff(passage.catalogs["upgrade"], passage.catalogs["upgrade again"]) == ()


def test_steps_are_the_revisions_of_the_history(passage: Passage) -> None:
    up = [r["revision"] for r in passage.answers["upgrade"].document["revisions"]]
    down = [r["revision"] for r in passage.answers["downgrade"].document["revisions"]]
    rest = [r["revision"] for r in passage.answers["base"].document["revisions"]]
    rehearsed = [r["revision"] for r in passage.answers["rehearse"].document["revisions"]]

    assert sorted(up) == sorted(rehearsed)
    assert sorted(down + rest) == sorted(up)
    assert len(down) == 1


@pytest.mark.parametrize("listing", ["current", "history", "heads"])
def test_listings_read_as_alembics_own(passage: Passage, listing: str) -> None:
    answer, alembics = passage.answers[listing].stdout, passage.alembic[listing]
    if listing == "current":  # Alembic's, where there are several, come in any order
        answer, alembics = (str(sorted(text.splitlines())) for text in (answer, alembics))

    assert answer == alembics


def test_revision_finds_what_the_models_lack_and_nothing_else(passage: Passage) -> None:
    kind, answer = passage.checkout.kind, passage.answers["revision"]
    if kind.revision_finds is not None:
        added = [f"{c['kind']} {c['name']}" for c in answer.document["added"]]
        assert [f"removed public.observation.{kind.revision_finds}"] == added
        return
    expected: dict[str, object] = {"revision": None, "path": None, "found": []}
    if kind.several_heads:
        expected = {"code": "LG-NEW-2", "exit": 1}
    elif kind.own_history and kind.same_as_models is None:
        expected = {"code": "LG-NEW-3", "exit": 2}

    assert {name: answer.document[name] for name in expected} == expected


def test_ledger_is_whole_and_has_every_run(passage: Passage) -> None:
    rows, end = passage.ledger
    actions = [row.entry["action"] for row in rows]

    assert verify(rows, end) == ()
    ran = len(passage.answers["upgrade"].document["revisions"])
    assert actions.count("upgrade") == 2 * ran
    assert actions.count("downgrade") == ran
    assert actions[0] == "enroll"


# What only one project has to show


@pytest.fixture
def on_server(server: Server, tmp_path: Path) -> Iterator[Callable[..., Checkout]]:
    """Checks a project out with a database of its own, enrolled as dev."""
    with ExitStack() as stack:

        def make(kind_name: str, **changes: Any) -> Checkout:
            kind = replace(next(kind for kind in KINDS if kind.name == kind_name), **changes)
            url = _new_database(stack, server)
            checkout = check_out(kind, tmp_path / "project", url, server.url)
            enrolled = checkout.lockgate("env", "enroll", "dev", "--yes", "dev")
            assert enrolled.exit == 0, enrolled.stderr
            return checkout

        yield make


def query(url: DatabaseUrl, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(make_conninfo(**url.conninfo())) as connection:
        return connection.execute(sql.encode()).fetchall()


MakeCheckout = Callable[..., Checkout]


def test_scratch_is_reached_whatever_url_is_written_down(on_server: MakeCheckout) -> None:
    checkout = on_server("hard_coded_url")
    write_url(checkout, "postgresql+psycopg://observer@nowhere.invalid/observatory")

    rehearsed = checkout.driven("rehearse")
    upgraded = checkout.driven("upgrade", "--env", "dev")

    assert (rehearsed.exit, upgraded.exit) == (0, 4)
    assert "nowhere.invalid" in upgraded.stderr


def test_upgrade_refuses_the_other_database_that_is_written_down(on_server: MakeCheckout) -> None:
    checkout = on_server("hard_coded_url")
    write_url(checkout, checkout.scratch.with_driver("psycopg").render())

    upgraded = checkout.driven("upgrade", "--env", "dev")

    assert upgraded.exit == 3
    assert query(checkout.url, "SELECT FROM pg_tables WHERE tablename = 'target'") == []


def test_a_transaction_that_nobody_commits_is_found(on_server: MakeCheckout) -> None:
    checkout = on_server("search_path_committed", name="search_path_uncommitted")

    rehearsed = checkout.driven("rehearse", "--format", "json")
    upgraded = checkout.driven("upgrade", "--env", "dev", "--format", "json")

    assert (rehearsed.exit, upgraded.exit) == (1, 5)
    assert "did not commit" in rehearsed.document["revisions"][0]["error"]
    assert upgraded.document["code"] == "LG-RUN-5"
    assert "connection.commit()" in upgraded.document["hint"]


@pytest.mark.parametrize("name", ["own_version_table", "tenants", "several_metadata", "hooks"])
def test_pending_revisions_are_rehearsed_on_the_structure_of_the_database(
    on_server: MakeCheckout, name: str
) -> None:
    checkout = on_server(name)
    upgraded = checkout.driven("upgrade", "--env", "dev", "a1")

    rehearsal = checkout.driven("rehearse", "--env", "dev", "--format", "json").document

    assert upgraded.exit == 0
    assert (rehearsal["start"], rehearsal["ok"]) == ("dev", True)
    assert [one["revision"] for one in rehearsal["revisions"]] == ["b2"]


def test_the_teams_own_version_callback_is_called(on_server: MakeCheckout) -> None:
    checkout = on_server("version_callback")
    note = "SELECT obj_description('alembic_version'::regclass)"

    checkout.driven("upgrade", "--env", "dev")
    up = query(checkout.url, note)
    checkout.driven("downgrade", "--env", "dev", "a1")

    assert (up, query(checkout.url, note)) == ([("b2 up",)], [("b2 down",)])


def test_what_env_py_prints_and_logs_is_not_on_stdout(on_server: MakeCheckout) -> None:
    answer = on_server("logging_reset").driven("upgrade", "--env", "dev", "--format", "json")

    assert answer.document["schema"] == "lockgate/upgrade/1"
    assert "env.py speaks on stdout" in answer.stderr


def test_rows_decide_what_preview_shows_where_alembics_sql_cannot(on_server: MakeCheckout) -> None:
    checkout = on_server("reads_rows")

    script = checkout.driven("preview", "--format", "sql").stdout
    checkout.driven("upgrade", "--env", "dev")

    alembic = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head", "--sql"],
        cwd=checkout.folder,
        env=checkout.environ | {"DATABASE_URL": checkout.url.render()},
        capture_output=True,
        text=True,
    )
    assert alembic.returncode == 1
    assert "AttributeError: 'NoneType' object has no attribute 'all'" in alembic.stderr
    assert "UPDATE star SET number= -1.46 WHERE star.id = 1" in script
    rows = query(checkout.url, "SELECT id, number FROM star ORDER BY id")
    assert rows == [(1, -1.46), (2, 99.0), (3, 0.03)]


def test_settings_read_at_import_lead_to_each_environment_in_turn(
    on_server: MakeCheckout, second_server: Server
) -> None:
    checkout = on_server("app_url")
    with ExitStack() as stack:
        other = _new_database(stack, second_server)
        settings = checkout.folder / "lockgate.toml"
        staging = '\n[environments.staging]\nrole = "staging"\nurl = "env:STAGING_URL"\n'
        settings.write_text(settings.read_text() + staging)
        checkout = replace(
            checkout,
            kind=replace(checkout.kind, environ=lambda _: {"STAGING_URL": other.render()}),
        )
        checkout.lockgate("env", "enroll", "staging", "--yes", "staging")
        checkout.driven("upgrade", "--env", "staging", "a1")

        answer = checkout.lockgate("status", "--format", "json")

    current = {
        environment["name"]: environment["current"]
        for environment in answer.document["environments"]
    }
    assert current == {"dev": [], "staging": ["a1"]}


def test_a_password_that_configparser_chokes_on_is_not_printed(
    tcp_server: Server, server: Server, tmp_path: Path
) -> None:
    kind = next(kind for kind in KINDS if kind.name == "percent_password")
    with ExitStack() as stack:
        url = _new_database(stack, tcp_server, over_tcp=True)
        checkout = check_out(kind, tmp_path / "project", url, server.url)
        env_py = checkout.folder / "migrations" / "env.py"
        env_py.write_text(env_py.read_text().replace('.replace("%", "%%")', ""))
        checkout.lockgate("env", "enroll", "dev", "--yes", "dev")

        answer = checkout.driven("upgrade", "--env", "dev", "--verbose")

    assert answer.exit == 5
    assert "migrations/env.py:" in answer.stderr
    assert url.password is not None
    assert [s for s in (url.password, quote(url.password, safe="")) if s in answer.stderr] == []


def test_the_installed_command_answers_as_it_does_here(
    on_server: MakeCheckout, lockgate: RunLockgate
) -> None:
    checkout = on_server("asyncpg_async")
    environ = {n: v for n, v in checkout.environ.items() if n not in ("PATH", "HOME")}

    for arguments in (("preview",), ("heads",), ("current", "--env", "dev")):
        there = lockgate(checkout.folder, *arguments, **environ)
        here = checkout.lockgate(*arguments)

        answers = (there.returncode, there.stdout, there.stderr)
        assert answers == (here.exit, here.stdout, here.stderr)


def test_the_passage_is_the_same_with_a_process_for_each_command(
    on_server: MakeCheckout, lockgate: RunLockgate
) -> None:
    checkout = on_server("module_engine")
    environ = {n: v for n, v in checkout.environ.items() if n not in ("PATH", "HOME")}

    statuses = [
        lockgate(checkout.folder, *arguments, **environ).returncode
        for arguments in (
            ("rehearse",),
            ("upgrade", "--env", "dev"),
            ("downgrade", "--env", "dev", "base"),
            ("upgrade", "--env", "dev"),
            ("revision", "--env", "dev", "-m", "nothing new"),
        )
    ]

    assert statuses == [0] * 5


# What a rehearsal must not let pass


REHEARSED = Kind("rehearsed", own_history=True, same_as_models=None)


@pytest.fixture
def rehearse(server: Server, tmp_path: Path) -> Callable[..., Answer]:
    """Rehearses the revision a1, and after it the given files of `projects/rehearsed`."""

    def run(*files: str) -> Answer:
        # No command but `rehearse` is run, so there is no database but scratch.
        checkout = check_out(REHEARSED, tmp_path / "project", server.url, server.url)
        for file in files:
            shutil.copy(checkout.folder / file, checkout.folder / "migrations" / "versions")
        return checkout.driven("rehearse", "--format", "json")

    return run


@dataclass(frozen=True)
class Verdict:
    """What the rehearsal says of b2; `error` is a part of its words, `changes` are what is left."""

    up: str = "ok"
    down: str = "ok"
    restores: bool = True
    error: str | None = None
    changes: tuple[tuple[str, str, str, str | None], ...] = ()
    exit: int = 1


VERDICTS = {
    "without_downgrade": Verdict(down="missing", restores=False),
    "empty_downgrade": Verdict(down="missing", restores=False),
    "failing_downgrade": Verdict(
        down="failed",
        restores=False,
        error="downgrade of revision b2 failed and was rolled back, at failing_downgrade.py:14: "
        'column "brightness" of relation "star" does not exist (SQLSTATE 42703)',
    ),
    "raising_downgrade": Verdict(
        down="failed",
        restores=False,
        error='raising_downgrade.py:14 raised "NotImplementedError: ask Tycho"',
    ),
    "forgetful_downgrade": Verdict(
        restores=False,
        error='relation "ix_name" already exists',
        changes=(("added", "index", "public.ix_name", None),),
    ),
    "reordering_downgrade": Verdict(exit=0),
    "irreversible": Verdict(down="irreversible", restores=False, exit=0),
    "failing_upgrade": Verdict(
        up="failed",
        down="failed",
        restores=False,
        error="upgrade of revision b2 failed and was rolled back, at failing_upgrade.py:10: "
        'relation "stars" does not exist (SQLSTATE 42P01)',
    ),
    "once_only": Verdict(
        error="the second upgrade fails: upgrade of revision b2 failed and was rolled back, "
        "at once_only.py:11: duplicate key value violates unique constraint",
    ),
    "needs_temporary_table": Verdict(
        up="failed",
        down="failed",
        restores=False,
        error='at needs_temporary_table.py:10: relation "seen" does not exist (SQLSTATE 42P01)',
    ),
    "needs_memory": Verdict(
        up="failed", down="failed", restores=False, error="a1 ran in another process"
    ),
}


@pytest.mark.parametrize("variant", VERDICTS)
def test_rehearsal_says_what_is_wrong_with_a_revision(
    rehearse: Callable[..., Answer], variant: str
) -> None:
    expected = VERDICTS[variant]

    answer = rehearse(f"variants/{variant}.py", "next/c3_telescopes.py")

    first, second, third = answer.document["revisions"]
    changes = tuple(
        (change["kind"], change["object"], change["name"], change["property"])
        for change in second["changes"]
        if not change["cosmetic"]
    )
    said = second["error"]
    error = expected.error if said and expected.error and expected.error in said else said
    actual = Verdict(second["up"], second["down"], second["restores"], error, changes, answer.exit)
    assert actual == expected
    assert (first["up"], first["down"], first["restores"]) == ("ok", "ok", True)
    assert third["up"] == ("ok" if expected.up == "ok" else "skipped")
    assert answer.document["whole_error"] is None


def test_the_order_of_columns_is_told_and_is_no_fault(rehearse: Callable[..., Answer]) -> None:
    answer = rehearse("variants/reordering_downgrade.py")

    changes = answer.document["revisions"][1]["changes"]
    assert [(c["object"], c["cosmetic"]) for c in changes] == [("column order", True)]


def test_a_reason_for_having_no_way_back_is_repeated(rehearse: Callable[..., Answer]) -> None:
    answer = rehearse("variants/irreversible.py")

    assert answer.document["revisions"][1]["irreversible"] == "the names are gone"


def test_a_setting_that_leaks_into_the_next_revision_makes_another_schema(
    rehearse: Callable[..., Answer],
) -> None:
    answer = rehearse("variants/leaking_search_path.py", "next/c3_telescopes.py")

    rehearsal = answer.document
    whole = {(c["kind"], c["name"]) for c in rehearsal["whole_changes"] if c["object"] == "table"}
    assert [r["error"] for r in rehearsal["revisions"]] == [None] * 3
    assert whole == {("removed", "public.telescope"), ("added", "archive.telescope")}
    assert (answer.exit, rehearsal["ok"]) == (1, False)


def test_a_setting_that_forbids_the_next_revision_fails_in_one_process_alone(
    rehearse: Callable[..., Answer],
) -> None:
    answer = rehearse("variants/leaking_read_only.py", "next/c3_telescopes.py")

    rehearsal = answer.document
    assert [(r["up"], r["error"]) for r in rehearsal["revisions"]] == [("ok", None)] * 3
    assert "(SQLSTATE 25006)" in rehearsal["whole_error"]
    assert (answer.exit, rehearsal["ok"]) == (1, False)


def test_a_rehearsal_that_failed_is_not_taken_for_done(
    rehearse: Callable[..., Answer], server: Server, tmp_path: Path
) -> None:
    first = rehearse("variants/forgetful_downgrade.py", "next/c3_telescopes.py")
    checkout = Checkout(REHEARSED, tmp_path / "project", server.url, server.url)

    again = checkout.driven("rehearse", "--format", "json")

    assert (first.exit, again.exit) == (1, 1)
    assert [r["revision"] for r in again.document["revisions"]] == ["b2"]


def test_a_branch_keeps_its_state_when_another_starts_over(on_server: MakeCheckout) -> None:
    checkout = on_server("branches")
    domes = checkout.folder / "migrations" / "ground" / "g1_domes.py"
    domes.write_text(domes.read_text().replace("DROP TABLE dome", "SELECT 1"))

    answer = checkout.driven("rehearse", "--format", "json")

    restored = {r["revision"]: r["restores"] for r in answer.document["revisions"]}
    assert restored == {"s1": True, "s2": True, "g1": False, "g2": True}
    assert answer.exit == 1
