"""A project in a git repository with a database, for `locate`, `doctor` and `merge --rebase`."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.config import load_settings
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server
from lockgate.report.doctor import doctor_document
from lockgate.workflows import environments
from lockgate.workflows.doctor import diagnose
from lockgate.workflows.upgrade import upgrade
from lockgate.workflows.workspace import Workspace
from tests.conftest import MakeProject, NewDatabase, RunLockgate

SETTINGS = """\
[scratch]
url = "env:SCRATCH_URL"
[environments.dev]
role = "development"
url = "env:DEV_URL"
"""

REVISIONS = {
    "one": ("op.create_table('item', sa.Column('id', sa.Integer))", "op.drop_table('item')"),
    "rows": ("op.execute('INSERT INTO item VALUES (1)')", "op.execute('DELETE FROM item')"),
    "two": ("op.add_column('item', sa.Column('note', sa.Text))", "op.drop_column('item', 'note')"),
    "three": (
        "op.add_column('item', sa.Column('size', sa.Integer))",
        "op.drop_column('item', 'size')",
    ),
}


LOCKED: list[str] = []
"""The lock file of these revisions, once they were rehearsed."""


@dataclass
class Site:
    """A project in a git repository, and its database."""

    root: Path
    url: DatabaseUrl
    run: Callable[..., subprocess.CompletedProcess[str]]
    environ: dict[str, str]

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
        command = ["git", *identity, *arguments]
        answer = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True)
        return answer.stdout.strip()

    def do(self, statement: str) -> None:
        with psycopg.connect(make_conninfo(**self.url.conninfo()), autocommit=True) as connection:
            connection.execute(statement.encode())

    def fails(self, statement: str) -> None:
        with pytest.raises(psycopg.Error):
            self.do(statement)

    def locate(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        answer = self.run("locate", "dev", "--format", "json", *arguments)
        document = json.loads(answer.stdout)
        assert "lockgate/locate/1" == document["schema"], answer.stdout
        return answer.returncode, document

    @property
    def workspace(self) -> Workspace:
        return Workspace(load_settings(self.root / "lockgate.toml"), environ=dict(self.environ))

    def doctor(self) -> tuple[bool, list[dict[str, Any]]]:
        """Whether all is well, and the findings as JSON has them."""
        found = diagnose(self.workspace, None)
        document = doctor_document(found.set_up, found.findings, ok=found.ok)
        return found.ok, document["findings"]

    def enroll(self, name: str) -> None:
        """Enrolls an environment and takes it to head."""
        environments.enroll(self.workspace, name, lambda _name, _what: None)
        upgrade(self.workspace, name, "heads", tag=None)

    def cure(self, finding: dict[str, Any], **words: str) -> None:
        """Does what the remedy says: the first command in it, by lockgate, git or the database."""
        command = finding["remedy"].split("`")[1]
        for word, value in words.items():
            command = command.replace(word, value)
        if command.startswith("lockgate "):
            answer = self.run(*shlex.split(command)[1:])
            assert 0 == answer.returncode, answer.stdout + answer.stderr
        elif command.startswith("git "):
            self.git(*shlex.split(command)[1:])
        else:
            self.do(command)

    def file(self, revision: str) -> Path:
        return self.root / "migrations" / "versions" / f"{revision}.py"


@pytest.fixture
def site(
    make_project: MakeProject, new_database: NewDatabase, server: Server, lockgate: RunLockgate
) -> Site:
    root = make_project(SETTINGS, revisions=REVISIONS)
    url = new_database(server)
    environ = {"DEV_URL": url.render(), "SCRATCH_URL": server.url.render()}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return lockgate(root, *arguments, **environ)

    made = Site(root, url, run, environ)
    made.git("init", "-q")
    made.git("add", "-A")
    made.git("commit", "-qm", "begin")
    return made


@pytest.fixture
def rehearsed(site: Site) -> Site:
    """With everything in the lock file, and no scratch server that could replay anything."""
    if not LOCKED:
        assert 0 == site.run("rehearse").returncode
        LOCKED.append((site.root / "lockgate.lock").read_text())
    (site.root / "lockgate.lock").write_text(LOCKED[0])
    settings = site.root / "lockgate.toml"
    settings.write_text(settings.read_text().replace("SCRATCH_URL", "NO_SUCH_URL"))
    return site


@pytest.fixture
def at_head(rehearsed: Site) -> Site:
    """With the lock file committed, a scratch server again, and dev enrolled and at head."""
    settings = rehearsed.root / "lockgate.toml"
    settings.write_text(settings.read_text().replace("NO_SUCH_URL", "SCRATCH_URL"))
    rehearsed.git("add", "-A")
    rehearsed.git("commit", "-qm", "rehearsed")
    rehearsed.enroll("dev")
    return rehearsed


@pytest.fixture
def two(at_head: Site, new_database: NewDatabase, server: Server) -> Site:
    """With a second environment, staging, at head like dev."""
    url = new_database(server)
    at_head.environ["TEST_URL"] = url.render()
    settings = at_head.root / "lockgate.toml"
    more = '[environments.test]\nrole = "staging"\nurl = "env:TEST_URL"\n'
    settings.write_text(f"shared_cluster = true\n{settings.read_text()}{more}")
    at_head.enroll("test")
    return at_head
