"""`lockgate check` by what the lock file proves: no server, and nothing that changed passes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lockgate.core import proof
from lockgate.core.lockfile import FORMAT, LockedRehearsal, LockedRevision, LockFile, parse, render
from lockgate.core.proof import prove, with_proof
from lockgate.postgres.servers import Server
from tests.conftest import RunLockgate

SETTINGS = '[scratch]\nurl = "env:SCRATCH_URL"\n'
NO_SERVER = "postgresql://nobody@127.0.0.1:1/nothing"

ENV_PY = """\
import os
import sqlalchemy as sa
from alembic import context

metadata = sa.MetaData()
sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True), {columns})
engine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    {before}
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""

COLUMNS = 'sa.Column("note", sa.Text), sa.Column("size", sa.Integer)'


def env_py(columns: str = COLUMNS, before: str = "pass") -> str:
    """An `env.py` with models of these columns."""
    return ENV_PY.format(columns=columns, before=before)


Check = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def kept() -> dict[str, str]:
    """The lock file of the first rehearsal, for all tests after it."""
    return {}


@pytest.fixture
def project(
    make_project: Callable[..., Path], lockgate: RunLockgate, server: Server, kept: dict[str, str]
) -> Path:
    """Three revisions that were rehearsed, with models that match them."""
    folder = make_project(SETTINGS, env_py=env_py())
    lock = folder / "lockgate.lock"
    if not kept:
        done = lockgate(folder, "rehearse", SCRATCH_URL=server.url.render())
        assert done.returncode == 0, done.stderr
        kept["lock"] = lock.read_text()
    lock.write_text(kept["lock"])
    return folder


@pytest.fixture
def check(lockgate: RunLockgate, project: Path, server: Server) -> Check:
    """Checks a fresh checkout, on a server that is there unless another is named."""

    def run(url: str = "") -> subprocess.CompletedProcess[str]:
        shutil.rmtree(project / ".lockgate", ignore_errors=True)
        scratch = url or server.url.render()
        return lockgate(project, "check", "--format", "json", SCRATCH_URL=scratch)

    return run


def codes(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The findings' codes in the JSON that was printed."""
    return [finding["code"] for finding in json.loads(done.stdout)["findings"]]


def test_a_fresh_checkout_needs_no_server(project: Path, check: Check) -> None:
    done = check(NO_SERVER)

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["models_match"], answer["findings"]) == (True, [])
    (rehearsal,) = parse((project / "lockgate.lock").read_text()).revisions[-1].rehearsals
    assert answer["server"] == str(rehearsal.major)


def test_an_edited_model_is_noticed(project: Path, check: Check) -> None:
    edited = COLUMNS.replace("sa.Text", "sa.String(9)")
    (project / "migrations" / "env.py").write_text(env_py(edited))

    assert codes(check()) == ["LG-CHK-4"]


def test_a_model_that_sends_the_same_is_no_other(project: Path, check: Check) -> None:
    same = COLUMNS.replace("sa.Text", "sa.types.TEXT") + ", comment=None"
    (project / "migrations" / "env.py").write_text(env_py(same))

    assert check(NO_SERVER).returncode == 0


def test_an_edited_older_revision_is_noticed(project: Path, check: Check) -> None:
    file = project / "migrations" / "versions" / "one.py"
    file.write_text(file.read_text().replace("primary_key=True", "primary_key=True, comment=''"))

    assert codes(check()) == ["LG-CHK-2"]


def test_a_fingerprint_that_is_not_the_one_compared_is_noticed(project: Path, check: Check) -> None:
    lock = project / "lockgate.lock"
    before, _, after = lock.read_text().rpartition("up_fingerprint = ")
    lock.write_text(f"{before}up_fingerprint = {re.sub('[0-9a-f]{64}', '0' * 64, after, count=1)}")

    assert codes(check()) == ["LG-CHK-6"]


def test_models_that_differ_leave_no_proof(
    project: Path, lockgate: RunLockgate, server: Server
) -> None:
    lock = project / "lockgate.lock"
    assert "\nmodels = " in lock.read_text()
    wider = COLUMNS + ', sa.Column("weight", sa.Integer)'
    (project / "migrations" / "env.py").write_text(env_py(wider))

    lockgate(project, "rehearse", "--all", SCRATCH_URL=server.url.render())

    assert "\nmodels = " not in lock.read_text()


def test_without_a_line_check_remembers_for_this_checkout(
    project: Path, check: Check, lockgate: RunLockgate
) -> None:
    lock = project / "lockgate.lock"
    lock.write_text(re.sub("models = .*\n", "", lock.read_text()))

    first = check(NO_SERVER)
    assert check().returncode == 0
    again = lockgate(project, "check", SCRATCH_URL=NO_SERVER)

    assert first.returncode == 4
    assert again.returncode == 0
    assert "models" not in lock.read_text()  # check writes nothing that is committed


ASKS = 'assert connection.scalar(sa.text("SELECT 1")) == 1; connection.rollback()'
REFUSED = """
    try:
        connection.execute(sa.text("SELECT 1 / 0"))
    except sa.exc.DBAPIError:
        connection.rollback()
"""


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (ASKS, "env.py asks the database"),
        (REFUSED, "it refuses a statement that env.py or a listener goes on without"),
    ],
)
def test_check_says_why_a_server_has_to_be_asked(
    before: str, why: str, project: Path, check: Check
) -> None:
    (project / "migrations" / "env.py").write_text(env_py(before=before))

    done = check()

    assert done.returncode == 0
    note = f"note: only a server can say what the models make: {why}"
    assert note in done.stderr.splitlines()
    assert not (project / ".lockgate" / "proofs.json").exists()


ON_18 = LockedRehearsal(18, "ok", "ok", True, "sha256:1", "sha256:0")
LOCK = LockFile(
    (
        LockedRevision("a", (), (), "sha256:a", rehearsals=(replace(ON_18, major=15), ON_18)),
        LockedRevision("b", ("a",), (), "sha256:b", rehearsals=(replace(ON_18, major=15), ON_18)),
    )
)


def proved(lock: LockFile = LOCK, head: str = "b", major: int = 18, sent: str = "x") -> str | None:
    """The proof of a head."""
    return prove(lock, head, major=major, statements=sent)


@pytest.mark.parametrize(
    "moved",
    [
        LOCK.with_revision(replace(LOCK.revisions[0], syntax="sha256:c")),
        LOCK.with_revision(replace(LOCK.revisions[1], syntax="sha256:c")),
        LOCK.with_revision(replace(LOCK.revisions[1], depends_on=("a",))),
        LOCK.with_revision(
            LOCK.revisions[1].with_rehearsal(replace(ON_18, up_fingerprint="sha256:2"))
        ),
    ],
    ids=["an older revision", "the head", "a dependency", "the fingerprint"],
)
def test_a_proof_is_of_all_that_it_rests_on(moved: LockFile) -> None:
    assert proved(moved) != proved()


def test_a_proof_of_another_major_or_other_statements_is_none_of_this() -> None:
    assert len({proved(), proved(major=15), proved(sent="y"), proved(head="a")}) == 4
    assert proved(major=17) is None


def test_a_proof_of_another_format_is_none_of_this(monkeypatch: pytest.MonkeyPatch) -> None:
    before = proved()

    monkeypatch.setattr(proof, "FORMAT", FORMAT + 1)

    assert proved() != before


def test_only_the_head_has_a_proof_and_it_is_written() -> None:
    lock = with_proof(LOCK, "a", major=18, models="sha256:old")
    lock = with_proof(lock, "b", major=15, models="sha256:new")

    found = {
        (one.revision, rehearsal.major): rehearsal.models
        for one in parse(render(lock)).revisions
        for rehearsal in one.rehearsals
    }
    assert found == {("a", 15): None, ("a", 18): None, ("b", 15): "sha256:new", ("b", 18): None}
