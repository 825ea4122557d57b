"""A database at a revision that no file has: every command says so, and who can help."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server

SETTINGS = """\
[scratch]
url = "env:SCRATCH_URL"
[environments.dev]
role = "development"
url = "env:DEV_URL"
"""

COMMANDS = (
    "current",
    "upgrade",
    "downgrade -1",
    "stamp head",
    "history --indicate-current",
    "preview",
    "rehearse",
    "revision -m x",
)
SAID = (
    'error[LG-REV-11]: the database records revision "lost", and no file here has it: '
    "this checkout is older or of another branch, or the file is lost\n"
    "hint: run `lockgate doctor ENV`: it looks for the file in git, and for the revision that "
    "the structure is really at\n"
)


def test_a_lost_revision_is_named_with_the_command_that_finds_it(
    make_project: Callable[..., Path],
    lockgate: Callable[..., subprocess.CompletedProcess[str]],
    server: Server,
    database: DatabaseUrl,
) -> None:
    project = make_project(SETTINGS)
    urls = {"DEV_URL": database.render(), "SCRATCH_URL": server.url.render()}
    lockgate(project, "env", "enroll", "dev", "--yes", "dev", **urls)
    with psycopg.connect(database.render()) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('lost')")

    answers = {
        command: lockgate(project, *command.split(), "--env", "dev", **urls) for command in COMMANDS
    }

    assert dict.fromkeys(COMMANDS, (1, SAID)) == {
        command: (answer.returncode, answer.stderr) for command, answer in answers.items()
    }
