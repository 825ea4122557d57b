"""`lockgate check`: in order as it stands, and no for each thing that CI must stop."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.postgres.servers import Server
from tests.conftest import RunLockgate

SETTINGS = '[scratch]\nurl = "env:SCRATCH_URL"\n'

MODELS_ENV_PY = """\
import os
import sqlalchemy as sa
from alembic import context

metadata = sa.MetaData()
sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True), {columns})
engine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""

MATCHING = 'sa.Column("note", sa.Text), sa.Column("size", sa.Integer)'

Check = Callable[[], subprocess.CompletedProcess[str]]


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    """Three revisions with models that match them."""
    return make_project(SETTINGS, env_py=MODELS_ENV_PY.format(columns=MATCHING))


@pytest.fixture
def check(
    project: Path,
    server: Server,
    lockgate: Callable[..., subprocess.CompletedProcess[str]],
) -> Check:
    """Rehearses what is there now, and answers a function that checks the project."""
    rehearsed = lockgate(project, "rehearse", SCRATCH_URL=server.url.render())
    assert rehearsed.returncode == 0, rehearsed.stderr

    return lambda: lockgate(project, "check", "--format", "json", SCRATCH_URL=server.url.render())


def codes(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str]]:
    """Severity and code of each finding in the JSON that was printed."""
    return [(f["severity"], f["code"]) for f in json.loads(done.stdout)["findings"]]


def test_check_passes_when_everything_is_in_order(check: Check) -> None:
    done = check()

    assert done.returncode == 0, done.stdout + done.stderr
    assert codes(done) == []
    assert json.loads(done.stdout)["models_match"] is True


def test_check_refuses_an_edited_revision(project: Path, check: Check) -> None:
    file = project / "migrations" / "versions" / "two.py"
    file.write_text(file.read_text().replace("sa.Text", "sa.Text()"))

    done = check()

    assert done.returncode == 1
    assert codes(done) == [("error", "LG-CHK-2")]


def test_check_does_not_mind_a_comment(project: Path, check: Check) -> None:
    file = project / "migrations" / "versions" / "two.py"
    file.write_text(file.read_text() + "# reviewed\n")

    done = check()

    assert done.returncode == 0, done.stdout


def test_check_refuses_two_heads(project: Path, check: Check) -> None:
    versions = project / "migrations" / "versions"
    branch = (versions / "three.py").read_text().replace("'three'", "'other'")
    (versions / "other.py").write_text(branch.replace("'size'", "'weight'"))

    done = check()

    assert done.returncode == 1
    assert ("error", "LG-CHK-1") in codes(done)
    assert json.loads(done.stdout)["models_match"] is None


def test_branches_with_a_label_each_are_held_against_the_models_together(
    project: Path,
    check: Check,
    server: Server,
    lockgate: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    versions = project / "migrations" / "versions"
    text = (versions / "three.py").read_text()
    for name, column in (("expand", "weight"), ("contract", "height")):
        branch = text.replace("'three'", f"'{name}1'").replace("'size'", f"'{column}'")
        branch = branch.replace("'two'", "'three'")
        (versions / f"{name}.py").write_text(f"{branch}\nbranch_labels = ('{name}',)\n")

    done = check()
    rehearsed = lockgate(
        project, "rehearse", "--format", "json", "expand@head", SCRATCH_URL=server.url.render()
    )

    assert {"LG-CHK-2", "LG-CHK-4"} == {code for _, code in codes(done)}  # not rehearsed yet
    for document in (json.loads(done.stdout), json.loads(rehearsed.stdout)):
        names = [change["name"] for change in document["models_changes"]]
        assert ["public.item.height", "public.item.weight"] == names


def test_check_refuses_a_downgrade_that_leaves_something(project: Path, check: Check) -> None:
    (project / "migrations" / "versions" / "four.py").write_text(
        "from alembic import op\n"
        "revision = 'four'\ndown_revision = 'three'\n"
        "def upgrade():\n    op.create_index('ix_item_size', 'item', ['size'])\n"
        "def downgrade():\n    op.execute('SELECT 1')\n"
    )

    done = check()

    assert done.returncode == 1
    assert ("error", "LG-CHK-3") in codes(done)


def test_check_names_what_the_models_have_and_the_revisions_lack(
    project: Path, check: Check
) -> None:
    wider = MATCHING + ', sa.Column("weight", sa.Integer)'
    (project / "migrations" / "env.py").write_text(MODELS_ENV_PY.format(columns=wider))

    done = check()

    assert done.returncode == 1
    assert codes(done) == [("error", "LG-CHK-4")]
    assert (
        "column public.item.weight added by the models"
        == json.loads(done.stdout)["findings"][0]["message"]
    )


def test_check_says_once_what_has_one_cause(project: Path, check: Check) -> None:
    text = 'from alembic import op\nrevision = "{}"\ndown_revision = "{}"\n'
    for below, name, run in (("three", "bad", "SELECT 1/0"), ("bad", "b", ""), ("b", "c", "")):
        (project / "migrations" / "versions" / f"{name}.py").write_text(
            text.format(name, below)
            + f"def upgrade():\n    op.execute('{run or 'SELECT 1'}')\ndef downgrade():\n    pass\n"
        )

    findings = [f for f in json.loads(check().stdout)["findings"] if f["severity"] == "error"]

    said = [f["message"] for f in findings if f["code"] == "LG-CHK-3"]
    assert len(said) == 2
    assert "division by zero" in said[0]
    assert said[1] == "b and 1 after it were not tried: bad does not upgrade"


def test_check_folds_a_table_of_the_models_into_one_finding(project: Path, check: Check) -> None:
    env_py = project / "migrations" / "env.py"
    env_py.write_text(
        env_py.read_text().replace(
            "engine =",
            'sa.Table("part", metadata, sa.Column("id", sa.Integer, primary_key=True))\nengine =',
        )
    )

    document = json.loads(check().stdout)

    (finding,) = document["findings"]
    expected = "table public.part added by the models, with 3 objects of its own"
    assert finding["message"] == expected
    assert len(document["models_changes"]) == 4


def test_check_only_warns_of_what_metadata_cannot_describe(project: Path, check: Check) -> None:
    file = project / "migrations" / "versions" / "three.py"
    text = file.read_text()
    text = text.replace(
        "def upgrade():\n",
        "def upgrade():\n    op.execute('CREATE VIEW items AS SELECT id FROM item')\n",
    ).replace("def downgrade():\n", "def downgrade():\n    op.execute('DROP VIEW items')\n")
    file.write_text(text)

    done = check()

    assert ("warning", "LG-CHK-4") in codes(done)
    assert ("error", "LG-CHK-4") not in codes(done)


def test_check_notices_that_replaying_gives_another_structure(project: Path, check: Check) -> None:
    lock = project / "lockgate.lock"
    lines = lock.read_text().splitlines(keepends=True)
    last = max(i for i, line in enumerate(lines) if line.startswith("up_fingerprint"))
    lines[last] = 'up_fingerprint = "sha256:0"\n'
    lock.write_text("".join(lines))

    done = check()

    assert done.returncode == 1
    assert codes(done) == [("error", "LG-CHK-6")]


@pytest.mark.parametrize("range_", [(), ("two",)], ids=["what is new", "the edited one alone"])
def test_an_edit_below_the_head_is_not_forgotten_once_it_is_rehearsed(
    project: Path, check: Check, lockgate: RunLockgate, server: Server, range_: tuple[str, ...]
) -> None:
    url = server.url.render()
    assert check().returncode == 0
    file = project / "migrations" / "versions" / "two.py"
    file.write_text(file.read_text().replace("sa.Text", "sa.String(9)"))

    assert lockgate(project, "rehearse", *range_, SCRATCH_URL=url).returncode == 0
    done = check()

    assert done.returncode == 1
    assert ("error", "LG-CHK-4") in codes(done)
    assert json.loads(done.stdout)["models_match"] is False
