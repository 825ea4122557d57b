"""`lockgate revision` adds what autogenerate misses: the file leads to the models and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server
from tests.conftest import MAJORS

from .schemas import OPTIONS, PAIRS

SETTINGS = """\
[scratch]
url = "env:SCRATCH_URL"
[environments.dev]
role = "development"
url = "env:DEV_URL"
"""

ENV_PY = """\
import os
import sqlalchemy as sa
import sqlalchemy.dialects.postgresql as pg
from alembic import context
from sqlalchemy import DDL, event

metadata = sa.MetaData()
{models}
engine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata{options})
    with context.begin_transaction():
        context.run_migrations()
"""

TEMPLATE = """\
import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    ${upgrades or "pass"}


def downgrade():
    ${downgrades or "pass"}
"""


@dataclass
class Project:
    """A project whose models can be changed, and the commands run in it."""

    folder: Path
    environ: dict[str, str]
    options: str
    run_lockgate: Callable[..., subprocess.CompletedProcess[str]]

    def models(self, text: str) -> None:
        """Writes other models."""
        env_py = ENV_PY.format(models=text, options=self.options)
        (self.folder / "migrations" / "env.py").write_text(env_py)

    def lockgate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command on DEV."""
        return self.run_lockgate(self.folder, *arguments, **self.environ)

    def revision(self, *arguments: str) -> dict[str, Any]:
        """What `lockgate revision` prints as JSON; DEV is at head before."""
        upgraded = self.lockgate("upgrade", "--env", "dev")
        assert upgraded.returncode == 0, upgraded.stdout + upgraded.stderr
        done = self.lockgate("revision", "-m", "x", "--env", "dev", "--format", "json", *arguments)
        document: dict[str, Any] = json.loads(done.stdout)
        assert "path" in document, done.stdout
        return document

    def alembic(self, url: DatabaseUrl, *arguments: str) -> None:
        """Runs plain Alembic."""
        subprocess.run(
            [Path(sys.executable).with_name("alembic"), *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "DATABASE_URL": url.with_driver("psycopg").render()},
            check=True,
            capture_output=True,
        )


MakeIt = Callable[..., Project]


@pytest.fixture
def project_on(
    make_project: Callable[..., Path],
    lockgate: Callable[..., subprocess.CompletedProcess[str]],
    new_database: Callable[..., DatabaseUrl],
) -> Callable[..., Project]:
    """A project without revisions, DEV enrolled on a server, and options of `context.configure`."""

    def make(server: Server, options: str = "") -> Project:
        folder = make_project(
            SETTINGS, env_py=ENV_PY.format(models="", options=options), revisions={}
        )
        (folder / "migrations" / "script.py.mako").write_text(TEMPLATE)
        database = new_database(server)
        environ = {"DEV_URL": database.render(), "SCRATCH_URL": server.url.render()}
        made = Project(folder, environ, options, lockgate)
        assert made.lockgate("env", "enroll", "dev", "--yes", "dev").returncode == 0
        return made

    return make


@pytest.fixture
def project(project_on: Callable[..., Project], server: Server) -> MakeIt:
    """Such a project on PostgreSQL 18."""
    return partial(project_on, server)


def assert_complete(document: dict[str, Any]) -> None:
    """The file leads to the models, and comes back."""
    assert document["refused"] == [], document["refused"]
    assert document["left"] == [], document["left"]
    assert document["not_restored"] == [], document["not_restored"]
    rehearsal = document["rehearsal"]
    assert rehearsal["ok"], rehearsal
    assert rehearsal["models_match"] is True, rehearsal["models_changes"]


# A pair takes ten seconds: the older of two majors has the one whose statements differ most from
# major to major, the matrix all of them.
RUNS = [
    pytest.param(major, pair, id=f"{pair}-pg{major}")
    for major in MAJORS
    for pair in PAIRS
    if major == max(MAJORS) or len(MAJORS) > 2 or pair == "columns"
]


@pytest.mark.parametrize(("major", "pair"), RUNS)
def test_revision_leads_to_the_models_and_back(
    major: int,
    pair: str,
    project_on: Callable[..., Project],
    new_database: Callable[..., DatabaseUrl],
    servers_by_major: Callable[[int], Server],
) -> None:
    server = servers_by_major(major)
    made = project_on(server, OPTIONS.get(pair, ""))
    before, after = PAIRS[pair]
    made.models(before)
    assert_complete(made.revision())
    made.models(after)

    document = made.revision()

    assert_complete(document)
    assert document["added"]
    plain = new_database(server)
    made.alembic(plain, "upgrade", "head")
    made.alembic(plain, "downgrade", "base")


def test_revision_drops_what_only_the_revisions_have_if_it_is_named(project: MakeIt) -> None:
    made = project()
    item = 'sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True))'
    made.models(
        f"item = {item}\n"
        + """event.listen(item, "after_create", DDL(
    "CREATE VIEW items AS SELECT id FROM item"))"""
    )
    made.revision()
    made.models(item)

    without = made.revision()
    named = made.revision("--drop", "items")

    assert without["path"] is None
    assert without["kept"] == [{"object": "view", "name": "public.items"}]
    assert named["kept"] == []
    assert_complete(named)
    assert "DROP VIEW public.items" in Path(named["path"]).read_text()


def test_revision_drops_tables_after_their_indexes(project: MakeIt) -> None:
    made = project()
    made.models(
        'for name in ("a", "b", "c"):\n'
        '    sa.Table(name, metadata, sa.Column("id", sa.Integer, index=True))'
    )
    made.revision()
    made.models("")

    found = made.revision()

    assert_complete(found)
    assert "drop_index" in Path(found["path"]).read_text()


def test_revision_is_complete_where_env_py_renders_as_batch(project: MakeIt) -> None:
    made = project(", render_as_batch=True")
    table = 'sa.Table("item", metadata, sa.Column("id", sa.Integer, nullable={}))'
    made.models(table.format(True))
    made.revision()
    made.models(table.format(False))

    found = made.revision()

    assert_complete(found)
    assert "batch_alter_table" in Path(found["path"]).read_text()


def test_revision_keeps_what_the_teams_own_hook_adds(project: MakeIt) -> None:
    made = project(", process_revision_directives=hook")
    hook = """
from alembic.operations import ops
def hook(context, revision, directives):
    directives[0].upgrade_ops.ops.append(ops.ExecuteSQLOp("INSERT INTO item DEFAULT VALUES"))
    directives[0].downgrade_ops.ops.insert(0, ops.ExecuteSQLOp("DELETE FROM item"))
"""
    made.models(hook + 'sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True))')

    document = made.revision()

    assert_complete(document)
    upgrade, _, downgrade = Path(document["path"]).read_text().partition("def downgrade")
    assert upgrade.index("create_table") < upgrade.index("INSERT INTO item")
    assert downgrade.index("DELETE FROM item") < downgrade.index("drop_table")


def test_a_hook_that_drops_empty_revisions_drops_no_full_one(project: MakeIt) -> None:
    made = project(", process_revision_directives=hook")
    hook = """
def hook(context, revision, directives):
    if directives[0].upgrade_ops.is_empty():
        directives[:] = []
"""
    item = 'sa.Table("item", metadata, sa.Column("state", sa.Enum("on", {}name="state")))'
    made.models(hook + item.format(""))
    made.revision()
    made.models(hook + item.format('"off", '))

    document = made.revision()
    nothing = made.revision()

    assert_complete(document)
    assert "ADD VALUE 'off'" in Path(document["path"]).read_text()
    assert nothing["path"] is None


def test_revision_grants_what_models_grant_and_revokes_nothing(project: MakeIt) -> None:
    made = project()
    models = """
item = sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True))
event.listen(item, "after_create", DDL("GRANT SELECT ON item TO pg_monitor"))
"""
    made.models(models)
    first = made.revision()
    made.models(
        models
        + """
event.listen(item, "after_create", DDL("REVOKE SELECT ON item FROM pg_monitor"))
event.listen(item, "after_create", DDL("GRANT INSERT, UPDATE (id) ON item TO pg_database_owner"))
"""
    )

    second = made.revision()
    nothing = made.revision()

    assert_complete(first)
    assert "GRANT SELECT ON TABLE public.item TO pg_monitor" in Path(first["path"]).read_text()
    assert_complete(second)
    upgrade, _, downgrade = Path(second["path"]).read_text().partition("def downgrade")
    assert "GRANT INSERT ON TABLE public.item TO pg_database_owner" in upgrade
    assert "GRANT UPDATE (id) ON TABLE public.item TO pg_database_owner" in upgrade
    assert "REVOKE" not in upgrade
    assert "REVOKE INSERT ON TABLE public.item FROM pg_database_owner" in downgrade
    assert nothing["path"] is None


def test_revision_drops_nothing_that_may_have_been_renamed(project: MakeIt) -> None:
    made = project()
    made.models(
        'sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True),'
        ' sa.Column("size", sa.Integer, index=True), sa.Column("note", sa.Text))'
    )
    made.revision()
    made.lockgate("upgrade", "--env", "dev")
    made.models(
        'sa.Table("thing", metadata, sa.Column("id", sa.Integer, primary_key=True),'
        ' sa.Column("size", sa.Integer, index=True), sa.Column("note", sa.Text))'
    )

    asked = made.lockgate("revision", "-m", "x", "--env", "dev")
    document = made.revision("--rename", "table:item=thing")

    assert asked.returncode == 1
    assert asked.stderr.splitlines() == [
        'error[LG-DDL-4]: table "public.item" may have been renamed to "thing": '
        "statements would drop it",
        "hint: give --rename 'table:public.item=thing' if it was, "
        "--no-rename 'table:public.item' if not",
    ]
    assert_complete(document)
    text = Path(document["path"]).read_text()
    assert "op.rename_table('item', 'thing')" in text
    assert "ALTER SEQUENCE public.item_id_seq RENAME TO thing_id_seq" in text
    assert "drop_table" not in text


def test_revision_is_autogenerates_alone_where_the_history_does_not_replay(
    project: MakeIt,
) -> None:
    made = project()
    item = 'sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True){})'
    made.models(item.format(""))
    first = Path(made.revision()["path"])
    made.lockgate("upgrade", "--env", "dev")
    first.write_text(first.read_text().replace("def upgrade():", "def upgrade():\n    1 / 0"))
    made.models(item.format(', sa.Column("note", sa.Text)'))

    done = made.lockgate("revision", "-m", "x", "--env", "dev", "--format", "json")

    assert done.returncode == 1
    assert "note: the revisions do not run on scratch" in done.stderr
    assert json.loads(done.stdout)["found"] == ["column item.note added"]
