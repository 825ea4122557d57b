"""A revision file that was changed after it ran: what lint knows of that, and from where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server
from tests.conftest import MakeProject, RunLockgate

SETTINGS = """\
[environments.dev]
role = "development"
url = "env:DEV_URL"

[environments.prod]
role = "production"
url = "env:PROD_URL"
requires = ["dev"]
"""
REVISIONS = {"one": ("op.execute('CREATE TABLE a ()')", "op.execute('DROP TABLE a')")}


def edits(lockgate: RunLockgate, project: Path, *words: str, **environ: str) -> list[list[str]]:
    """Severity and message of each LG078."""
    answer = lockgate(project, "lint", *words, "--format", "json", **environ)
    found = [f for f in json.loads(answer.stdout)["findings"] if f["code"] == "LG078"]
    return [[f["severity"], f["message"]] for f in found]


def test_edit_of_a_file_that_ran_is_an_error_and_of_a_rehearsed_one_a_warning(
    make_project: MakeProject,
    lockgate: RunLockgate,
    server: Server,
    new_database: Callable[[Server], DatabaseUrl],
) -> None:
    project = make_project(SETTINGS, revisions=REVISIONS)
    url = new_database(server).render()
    file = project / "migrations" / "versions" / "one.py"
    assert 0 == lockgate(project, "rehearse").returncode
    unedited = edits(lockgate, project, "one")
    file.write_text(file.read_text().replace("CREATE TABLE a ()", "CREATE TABLE a (b int)"))
    rehearsed = edits(lockgate, project, "one")
    assert 0 == lockgate(project, "rehearse").returncode
    lockgate(project, "env", "enroll", "dev", "--yes", "dev", DEV_URL=url)
    assert 0 == lockgate(project, "upgrade", "--env", "dev", DEV_URL=url).returncode
    file.write_text(file.read_text().replace("(b int)", "(b text)"))

    by_ledger = edits(lockgate, project, "one", "--env", "dev", DEV_URL=url)
    by_lock_file = edits(lockgate, project, "one")

    assert [] == unedited
    assert [["warning", "was changed after it was rehearsed"]] == rehearsed
    ran = [["error", "was changed after it ran on dev"]]
    assert (ran, ran) == (by_ledger, by_lock_file)
