"""`lockgate revision` and `merge`: only where they may, and rehearsed as soon as written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server

SETTINGS = """\
[scratch]
url = "env:SCRATCH_URL"
[environments.dev]
role = "{role}"
url = "env:DEV_URL"
"""

ENV_PY = """\
import os
import sqlalchemy as sa
from alembic import context

metadata = sa.MetaData()
sa.Table(
    "item", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("note", sa.Text),
    sa.Column("size", sa.Integer),
    sa.Column("weight", sa.Integer, comment="in grams"),
)
engine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    """Models with one column more than the three revisions."""
    folder = make_project(SETTINGS.format(role="development"), env_py=ENV_PY)
    template = (
        '"""${message}"""\n'
        "from alembic import op\nimport sqlalchemy as sa\n"
        "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n"
        "branch_labels = None\ndepends_on = None\n"
        'def upgrade():\n    ${upgrades if upgrades else "pass"}\n'
        'def downgrade():\n    ${downgrades if downgrades else "pass"}\n'
    )
    (folder / "migrations" / "script.py.mako").write_text(template)
    return folder


@pytest.fixture
def run(project: Path, server: Server, database: DatabaseUrl, lockgate: Run) -> Run:
    """Runs a command in the project, with DEV enrolled."""

    def here(*arguments: str) -> subprocess.CompletedProcess[str]:
        return lockgate(
            project, *arguments, DEV_URL=database.render(), SCRATCH_URL=server.url.render()
        )

    assert here("env", "enroll", "dev", "--yes", "dev").returncode == 0
    return here


def versions(project: Path) -> set[str]:
    """The names of the revision files."""
    return {file.name for file in (project / "migrations" / "versions").glob("*.py")}


def test_revision_writes_what_the_models_lack_and_rehearses_it(project: Path, run: Run) -> None:
    run("upgrade", "--env", "dev")
    before = versions(project)

    done = run("revision", "-m", "Weigh items", "--env", "dev", "--format", "json")

    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert document["found"] == ["column item.weight added"]
    assert len(versions(project) - before) == 1
    assert [(r["up"], r["down"], r["restores"]) for r in document["rehearsal"]["revisions"]] == [
        ("ok", "ok", True)
    ]
    assert document["rehearsal"]["models_match"] is True
    assert document["revision"] in (project / "lockgate.lock").read_text()


def test_revision_writes_nothing_when_models_and_database_agree(project: Path, run: Run) -> None:
    run("upgrade", "--env", "dev")
    run("revision", "-m", "Weigh items", "--env", "dev")
    run("upgrade", "--env", "dev")
    before = versions(project)

    done = run("revision", "-m", "Once more", "--env", "dev")

    assert done.returncode == 0
    assert "nothing to write" in done.stdout
    assert versions(project) == before


def test_revision_leaves_lockgates_own_tables_alone(project: Path, run: Run) -> None:
    env_py = project / "migrations" / "env.py"
    env_py.write_text(env_py.read_text().replace("=metadata)", "=metadata, include_schemas=True)"))
    run("upgrade", "--env", "dev")

    done = run("revision", "-m", "Weigh items", "--env", "dev", "--format", "json")

    assert ["column item.weight added"] == json.loads(done.stdout)["found"]


def test_revision_names_what_is_pending_and_the_command_to_run(project: Path, run: Run) -> None:
    run("upgrade", "one", "--env", "dev")
    before = versions(project)

    done = run("revision", "-m", "Too early", "--env", "dev")

    assert done.returncode == 1
    assert "pending: two, three" in done.stderr
    assert "lockgate upgrade --env dev" in done.stderr
    assert versions(project) == before


@pytest.mark.parametrize("role", ["production", "staging"])
def test_revision_refuses_any_role_but_development(role: str, project: Path, run: Run) -> None:
    (project / "lockgate.toml").write_text(SETTINGS.format(role=role))
    assert run("env", "relabel", "dev", "--yes", "dev").returncode == 0
    before = versions(project)

    done = run("revision", "-m", "On the wrong side", "--env", "dev")

    assert done.returncode == 3
    assert f"it is {role}" in done.stderr
    assert versions(project) == before


def test_revision_refuses_two_heads_until_they_are_merged(project: Path, run: Run) -> None:
    folder = project / "migrations" / "versions"
    branch = (folder / "three.py").read_text().replace("'three'", "'other'")
    (folder / "other.py").write_text(branch.replace("'size'", "'colour'"))

    refused = run("revision", "-m", "Which branch?", "--env", "dev")
    merged = run("merge", "heads", "-m", "Join size and colour")
    heads = run("heads", "--format", "json")

    assert refused.returncode == 1
    assert "2 heads: other, three" in refused.stderr
    assert "lockgate merge other three" in refused.stderr
    assert merged.returncode == 0, merged.stdout + merged.stderr
    assert len(json.loads(heads.stdout)["revisions"]) == 1


def test_revision_says_that_its_template_is_missing(project: Path, run: Run) -> None:
    template = project / "migrations" / "script.py.mako"
    template.unlink()

    done = run("revision", "-m", "x", "--env", "dev")

    assert 2 == done.returncode
    assert f'error[LG-NEW-4]: there is no "{template}"' in done.stderr


def test_revision_empty_writes_a_file_to_be_filled(project: Path, run: Run) -> None:
    before = versions(project)

    done = run("revision", "--empty", "-m", "By hand", "--env", "dev")

    assert done.returncode == 0, done.stderr
    assert len(versions(project) - before) == 1
    assert "run `lockgate rehearse`" in done.stdout
