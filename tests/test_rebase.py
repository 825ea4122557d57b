"""`lockgate merge --rebase`: one branch on top of the other, proved, or everything as it was."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from lockgate.core.environment import Role
from lockgate.core.lockfile import (
    LockedEnvironment,
    LockedRevision,
    LockFile,
    parse,
    render,
)
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server

SETTINGS = """\
[scratch]
url = "env:SCRATCH_URL"
[environments.dev]
role = "development"
url = "env:DEV_URL"
[environments.prod]
role = "production"
url = "env:PROD_URL"
requires = ["dev"]
"""

BRANCH = '''\
"""Add {column}

Revision ID: {column}
Revises: three
"""
import os
import signal

import sqlalchemy as sa
from alembic import op

revision = "{column}"
down_revision = "three"  # the last one on main


def upgrade():
    {upgrade}


def downgrade():
    op.drop_column("item", "{column}")
'''
ADD = "op.add_column('item', sa.Column('{column}', sa.Integer))"

Run = Callable[..., subprocess.CompletedProcess[str]]
NAMES = {f"GIT_{who}_{what}": "me" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    """Three revisions in a line, and two branches above them: weight and colour."""
    folder = make_project(SETTINGS)
    for column in ("weight", "colour"):
        add(folder, column)
    return folder


def add(folder: Path, column: str, *, upgrade: str = ADD) -> Path:
    path = folder / "migrations" / "versions" / f"{column}.py"
    path.write_text(BRANCH.format(column=column, upgrade=upgrade.format(column=column)))
    return path


@pytest.fixture
def run(project: Path, server: Server, database: DatabaseUrl, lockgate: Run) -> Run:
    """Runs a command in the project, where dev answers and prod has no URL."""

    def here(*arguments: str) -> subprocess.CompletedProcess[str]:
        return lockgate(
            project, *arguments, DEV_URL=database.render(), SCRATCH_URL=server.url.render()
        )

    return here


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    answer = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        check=check,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **NAMES},
    )
    return answer.stdout


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file that belongs to the project, byte for byte."""
    files = [*folder.glob("lockgate.lock"), *folder.glob("migrations/versions/*.py")]
    return {path: path.read_bytes() for path in files}


def at(database: DatabaseUrl, revision: str) -> None:
    """Makes a database that is at `revision` by its version table alone."""
    with psycopg.connect(database.render()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num text)")
        connection.execute("DELETE FROM alembic_version")
        connection.execute("INSERT INTO alembic_version VALUES (%s)", (revision,))


@pytest.fixture
def half_merged(project: Path, run: Run) -> Path:
    """The project on branch "feature", which has colour, in the middle of `git merge main`.

    The lock file of each side was made by a rehearsal.
    """
    versions = project / "migrations" / "versions"
    weight, colour = ((versions / f"{name}.py").read_text() for name in ("weight", "colour"))
    for name in ("weight", "colour"):
        (versions / f"{name}.py").unlink()
    (project / ".gitignore").write_text("__pycache__/\n.lockgate/\n")
    git(project, "init", "-q", "-b", "main")
    assert run("rehearse", "--from-base").returncode == 0
    git(project, "add", "-A")
    git(project, "commit", "-qm", "three")
    git(project, "branch", "feature")
    for branch, name, text in (("main", "weight", weight), ("feature", "colour", colour)):
        git(project, "checkout", "-q", branch)
        (versions / f"{name}.py").write_text(text)
        assert run("rehearse", "--from-base").returncode == 0
        git(project, "add", "-A")
        git(project, "commit", "-qm", name)
    git(project, "merge", "main", check=False)
    assert "<<<<<<<" in (project / "lockgate.lock").read_text()
    return project


def test_rebase_finishes_a_git_merge_with_one_line_of_revisions(
    half_merged: Path, run: Run
) -> None:
    before = contents(half_merged)

    done = run("merge", "--rebase")

    colour = half_merged / "migrations" / "versions" / "colour.py"
    lock = parse((half_merged / "lockgate.lock").read_text())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "moved colour on top of weight, from three" in done.stdout
    assert "why this one: weight is on main already" in done.stdout
    assert {half_merged / "lockgate.lock", colour} == {
        path for path, text in contents(half_merged).items() if before[path] != text
    }
    expected = before[colour].replace(b"Revises: three", b"Revises: weight")
    assert expected.replace(b'= "three"', b'= "weight"') == colour.read_bytes()
    assert ["one", "two", "three", "weight", "colour"] == [r.revision for r in lock.revisions]
    assert all(r.restores for locked in lock.revisions for r in locked.rehearsals)

    # The command that it names ends the merge, and nothing is left to rehearse.
    (command,) = [line for line in done.stdout.splitlines() if line.startswith("next: ")]
    git(half_merged, *shlex.split(command.split("`")[1])[1:])
    git(half_merged, "commit", "-qm", "merged")
    assert "nothing to rehearse" in run("rehearse", "--from-base").stdout


def test_merge_and_rehearse_resolve_the_lock_file_too(half_merged: Path, run: Run) -> None:
    rehearsed = run("rehearse", "--from-base")
    lock = parse((half_merged / "lockgate.lock").read_text())
    git(half_merged, "checkout", "--merge", "lockgate.lock")
    assert "<<<<<<<" in (half_merged / "lockgate.lock").read_text()
    merged = run("merge", "heads", "-m", "join")

    assert (0, 0) == (rehearsed.returncode, merged.returncode), merged.stderr
    assert ("colour", "weight") == lock.heads
    assert 1 == len(parse((half_merged / "lockgate.lock").read_text()).heads)


CLASH = "op.add_column('item', sa.Column('weight', sa.Integer))"
INTERRUPT = "os.kill(os.getpid(), signal.SIGINT)"


@pytest.mark.parametrize(
    ("upgrade", "status", "said"),
    [
        (CLASH, 1, "colour does not stand on top of weight; every file is as it was"),
        (INTERRUPT, 130, ""),
    ],
    ids=["clash", "Ctrl-C"],
)
def test_rebase_that_is_not_proved_leaves_every_file_as_it_was(
    project: Path, run: Run, upgrade: str, status: int, said: str
) -> None:
    add(project, "colour", upgrade=upgrade)
    (project / "lockgate.lock").write_text(render(LockFile()))
    before = contents(project)

    done = run("merge", "--rebase", "colour")

    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stdout
    assert before == contents(project)


def test_rebase_moves_the_branch_that_is_applied_nowhere(
    project: Path, run: Run, database: DatabaseUrl
) -> None:
    at(database, "colour")
    before = contents(project)

    refused = run("merge", "--rebase", "colour")
    left = contents(project)
    done = run("merge", "--rebase", "--format", "json")

    document = json.loads(done.stdout)
    assert refused.returncode == 1
    assert (
        'error[LG-MRG-5]: "colour" cannot move on top of "weight": colour is applied on dev\n'
        "hint: run `lockgate merge weight colour -m MESSAGE`, which moves nothing, "
        "or downgrade it there first\n"
    ) == refused.stderr
    assert before == left
    assert done.returncode == 0, done.stderr
    assert {
        "done": True,
        "moved": ["weight"],
        "from": "three",
        "onto": "colour",
        "why": "colour is applied on dev",
        "not_asked": {"prod": 'the environment variable "PROD_URL" is not set'},
        "other_majors": [],
        "resolved": None,
    } == document["rebase"]


def test_rebase_believes_the_ledger_before_the_version_table(
    project: Path, run: Run, database: DatabaseUrl
) -> None:
    run("env", "enroll", "dev", "--yes", "dev")
    run("upgrade", "colour", "--env", "dev")
    at(database, "three")

    refused = run("merge", "--rebase", "colour", "weight")

    assert refused.returncode == 1
    assert "colour is applied on dev" in refused.stderr


def test_rebase_refuses_where_a_database_is_at_a_lost_revision(
    project: Path, run: Run, database: DatabaseUrl
) -> None:
    at(database, "lost")
    before = contents(project)

    refused = run("merge", "--rebase")

    assert refused.returncode == 1
    assert "dev is at lost, of which there is no file here" in refused.stderr
    assert before == contents(project)


def test_rebase_heeds_what_either_side_of_the_lock_file_has_applied(
    project: Path, run: Run
) -> None:
    dev = LockedEnvironment("dev", Role.DEVELOPMENT, uuid="", applied=("three",))
    sides = [
        render(LockFile((LockedRevision("one", (), (), "sha256:1"),), (environment,)))
        for environment in (dev, LockedEnvironment("dev", Role.DEVELOPMENT, "", None, ("colour",)))
    ]
    (project / "lockgate.lock").write_text(conflicted(*sides))

    refused = run("merge", "--rebase", "colour")

    assert refused.returncode == 1
    assert "colour is applied on dev" in refused.stderr


def conflicted(ours: str, theirs: str) -> str:
    """Both texts line by line, the one line in which they differ as git marks it."""
    lines = []
    for one, other in zip(ours.splitlines(), theirs.splitlines(), strict=True):
        same = one == other
        lines += [one] if same else ["<<<<<<< HEAD", one, "=======", other, ">>>>>>> main"]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("names", "status", "said"),
    [
        ((), 1, "which of the heads goes on top is not clear: colour, weight"),
        (("three",), 1, "three is no head"),
        (("weight", "colour", "three"), 1, "three is no head"),
        (("-m", "x"), 2, "--rebase writes no revision"),
    ],
    ids=["unclear", "no head", "three names", "message"],
)
def test_rebase_says_what_it_cannot_tell(
    run: Run, names: tuple[str, ...], status: int, said: str
) -> None:
    answer = run("merge", "--rebase", *names)

    assert (status, True) == (answer.returncode, said in answer.stderr), answer.stderr


def test_rebase_of_a_single_head_says_so(project: Path, run: Run) -> None:
    (project / "migrations" / "versions" / "colour.py").unlink()

    answer = run("merge", "--rebase")

    assert answer.returncode == 1
    assert "there are no two heads to put in line, only: weight" in answer.stderr
