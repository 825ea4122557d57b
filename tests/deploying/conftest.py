"""A committed repository whose DEV has every revision and whose PROD lacks the last one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.config import load_settings
from lockgate.core.gates import parse_waivers
from lockgate.core.lockfile import LockFile
from lockgate.core.plan import Plan, Verdict
from lockgate.core.url import DatabaseUrl
from lockgate.migrations import steps
from lockgate.postgres.servers import Server
from lockgate.workflows import environments
from lockgate.workflows.destination import find_destination
from lockgate.workflows.plan import make_plan
from lockgate.workflows.rehearse import rehearse
from lockgate.workflows.running import run
from lockgate.workflows.upgrade import upgrade
from lockgate.workflows.workspace import Workspace
from tests.conftest import REVISION, MakeProject, NewDatabase, RunLockgate

LAST = "three"


@dataclass
class Site:
    """A project in a git repository, with its databases, and ways to use both."""

    folder: Path
    urls: Mapping[str, DatabaseUrl]
    lockgate: RunLockgate
    stack: ExitStack
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        """A fresh one, as a new command has it."""
        return Workspace(load_settings(self.folder / "lockgate.toml"), environ={})

    def write_settings(self, **lines: str) -> None:
        """Settings with the databases; `lines` are further ones for an Environment, kept."""
        self.settings |= lines
        roles = {"prod": "production", "staging": "staging"}
        tables = [
            f'[environments.{name}]\nrole = "{roles.get(name, "development")}"\n'
            f'url = "{url.render()}"\n{self.settings.get(name, "")}\n'
            for name, url in self.urls.items()
            if name != "scratch"
        ]
        scratch = f'[scratch]\nurl = "{self.urls["scratch"].render()}"\n'
        top = self.settings.get("top", scratch)
        (self.folder / "lockgate.toml").write_text(top + "\n".join(tables))

    def enroll(self, *names: str) -> None:
        for name in names:
            environments.enroll(self.workspace, name, lambda *_: None)

    def take_to(self, name: str, revision: str) -> None:
        """Runs revisions as a deploy does, without its gates."""
        destination = find_destination(self.workspace, name)
        directory = destination.workspace.project.directory
        run(destination, steps.upgrade(directory, revision), action="deploy")

    def upgrade(self, name: str, revision: str = "heads") -> None:
        upgrade(self.workspace, name, revision, tag=None)

    def rehearse(self, **options: Any) -> None:
        workspace = self.workspace
        _, lock = rehearse(workspace, None, environment=None, **options)
        workspace.write_lock(lock)

    def plan(self, *waive: str, to: str | None = None, name: str = "prod") -> Plan:
        return make_plan(self.workspace, name, waivers=parse_waivers(waive), to=to)

    def verdict(self, gate: str, *waive: str) -> Verdict:
        return next(v for v in self.plan(*waive).verdicts if v.gate == gate)

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """`lockgate` in a process of its own."""
        return self.lockgate(self.folder, *arguments, **environ)

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, title: str = "Change") -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", title)

    def revision_file(self, revision: str) -> Path:
        return self.folder / "migrations" / "versions" / f"{revision}.py"

    def add_revision(
        self, revision: str, up: str, down: str = "pass", *, parent: str | None = LAST
    ) -> None:
        text = REVISION.format(revision=revision, down_revision=parent, upgrade=up, downgrade=down)
        self.revision_file(revision).write_text(text)

    def ready(self) -> None:
        """What is new is rehearsed, applied on DEV, and committed."""
        self.rehearse()
        self.upgrade("dev")
        self.commit()

    @contextmanager
    def connected(self, name: str, *, autocommit: bool = True) -> Iterator[psycopg.Connection]:
        conninfo = make_conninfo(**self.urls[name].conninfo(), application_name="somebody")
        with psycopg.connect(conninfo, autocommit=autocommit) as connection:
            yield connection

    def do(self, name: str, sql: str) -> None:
        with self.connected(name) as connection:
            connection.execute(sql.encode())

    def ask(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        with self.connected(name) as connection:
            return connection.execute(sql.encode()).fetchall()

    def version(self, name: str = "prod") -> list[str]:
        return [row[0] for row in self.ask(name, "SELECT version_num FROM alembic_version")]

    def columns(self, name: str = "prod", table: str = "item") -> list[str]:
        sql = (
            "SELECT attname::text FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
            f" AND attrelid = to_regclass('{table}') ORDER BY attnum"
        )
        return [row[0] for row in self.ask(name, sql)]

    def entries(self, name: str = "prod") -> list[dict[str, Any]]:
        """What the rows of the Ledger say, oldest first."""
        rows = self.ask(name, "SELECT entry FROM lockgate.ledger ORDER BY id")
        return [json.loads(row[0]) for row in rows]


MakeSite = Callable[..., Site]


@pytest.fixture(scope="session")
def rehearsed() -> list[LockFile]:
    """The lock file of REVISIONS, once a test has had them rehearsed."""
    return []


@pytest.fixture
def make_site(
    make_project: MakeProject,
    new_database: NewDatabase,
    lockgate: RunLockgate,
    server: Server,
    second_server: Server,
    rehearsed: list[LockFile],
) -> Iterator[MakeSite]:
    """Makes a Site, with PROD on `prod_server`, taken to `prod_at`."""
    with ExitStack() as stack:

        def make(prod_server: Server = second_server, prod_at: str | None = "two") -> Site:
            folder = make_project("")
            ini = "[alembic]\nscript_location = %(here)s/migrations\n"
            (folder / "alembic.ini").write_text(ini)
            urls = {"dev": new_database(server), "prod": new_database(prod_server)}
            urls["scratch"] = server.url
            site = Site(folder, urls, lockgate, stack)
            site.write_settings(prod='requires = ["dev"]\nbranch = "main"')
            (folder / ".gitignore").write_text("__pycache__\n.lockgate\n")
            site.git("init", "-q", "-b", "main")
            if not rehearsed:
                site.rehearse()
                rehearsed.append(site.workspace.lock)
            site.workspace.write_lock(rehearsed[0])
            site.enroll("dev", "prod")
            site.upgrade("dev")
            if prod_at is not None:
                site.take_to("prod", prod_at)
            site.commit("Begin")
            return site

        yield make


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site()
