"""The models against the revisions: two schemas on scratch, and what autogenerate sees of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lockgate.postgres.servers import Server

SETTINGS = '[scratch]\nurl = "env:SCRATCH_URL"\n'

ENV_PY = """\
import os
import sqlalchemy as sa
from alembic import context
from sqlalchemy import DDL, event

metadata = sa.MetaData()
{models}
engine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, {options})
    with context.begin_transaction():
        context.run_migrations()
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def difference(
    make_project: Callable[..., Path], lockgate: Run, server: Server
) -> Callable[..., list[dict[str, Any]]]:
    """Changes from a revision that executes SQL to `models`, as `lockgate diff` prints them."""

    def between(sql: str, models: str, options: str = "") -> list[dict[str, Any]]:
        folder = make_project(
            SETTINGS,
            env_py=ENV_PY.format(models=models, options=options),
            revisions={"one": (f"op.execute({sql!r})", "pass")},
        )
        done = lockgate(
            folder, "diff", "revision:head", "models", "--format", "json",
            SCRATCH_URL=server.url.render(),
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stdout + done.stderr
        changes: list[dict[str, Any]] = json.loads(done.stdout)["changes"]
        return changes

    return between


def named(changes: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """What happened, to what, and its name."""
    return {(c["kind"], c["object"], c["name"]) for c in changes}


def test_diff_tells_what_autogenerate_does_not_see(
    difference: Callable[..., list[dict[str, Any]]],
) -> None:
    changes = difference(
        """
        CREATE TYPE level AS ENUM ('raw', 'final');
        CREATE TABLE item (id serial PRIMARY KEY, size integer, level level,
                           CONSTRAINT positive CHECK (size > 0));
        CREATE INDEX ix_size ON item (size) WHERE size > 10;
        """,
        """
sa.Table("item", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("size", sa.BigInteger),
    sa.Column("level", sa.Enum("raw", "checked", "final", name="level")),
    sa.Column("note", sa.Text),
    sa.CheckConstraint("size >= 0", name="positive"),
    sa.Index("ix_size", "size", postgresql_where=sa.text("size > 20")),
    sa.Index("ix_note", "note"))
""",
    )

    seen = {(c["object"], c["name"], c["property"]): c["autogenerate"] for c in changes}
    assert seen == {
        ("column", "public.item.size", "type"): True,
        ("column", "public.item.note", None): True,
        ("index", "public.ix_note", None): True,
        ("enum", "public.level", "labels"): False,
        ("constraint", "public.item.positive", "definition"): False,
        ("index", "public.ix_size", "predicate"): False,
    }


def test_diff_marks_the_same_changes_in_the_other_direction(
    make_project: Callable[..., Path], lockgate: Run, server: Server
) -> None:
    models = """
sa.Table("item", metadata, sa.Column("id", sa.Integer), sa.Column("y", sa.Boolean),
         sa.CheckConstraint("id > 0"))
"""
    folder = make_project(
        SETTINGS,
        env_py=ENV_PY.format(models=models, options=""),
        revisions={
            "one": ("op.execute('CREATE TABLE item (id integer, x integer, y boolean)')", "pass")
        },
    )

    done = lockgate(folder, "diff", "models", "revision:head", SCRATCH_URL=server.url.render())

    assert done.stdout.splitlines() == [
        "+ column public.item.x: type integer",
        "- constraint public.item.item_id_check: CHECK ((id > 0))  "
        "(autogenerate does not see this)",
    ]


def test_what_hangs_on_the_events_of_metadata_takes_part(
    difference: Callable[..., list[dict[str, Any]]],
) -> None:
    changes = difference(
        "CREATE TABLE item (id serial PRIMARY KEY)",
        """
item = sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True))
event.listen(item, "after_create", DDL("CREATE VIEW items AS SELECT id FROM item"))
event.listen(metadata, "before_create", DDL("CREATE DOMAIN positive AS integer CHECK (VALUE > 0)"))
""",
    )

    assert named(changes) == {
        ("added", "view", "public.items"),
        ("added", "domain", "public.positive"),
        ("added", "domain constraint", "public.positive.positive_check"),
    }
    assert {c["autogenerate"] for c in changes} == {False}


ENTITIES = """
from alembic_utils.pg_extension import PGExtension
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_grant_table import PGGrantTable
from alembic_utils.pg_materialized_view import PGMaterializedView
from alembic_utils.pg_policy import PGPolicy
from alembic_utils.pg_trigger import PGTrigger
from alembic_utils.pg_view import PGView
from alembic_utils.replaceable_entity import register_entities

sa.Table("item", metadata,
    sa.Column("id", sa.Integer, primary_key=True, server_default=sa.text("next_id()")))
register_entities([
    PGView("public", "b_needs_a", "SELECT id FROM a_needs_item"),
    PGView("public", "a_needs_item", "SELECT id FROM item"),
    PGMaterializedView("public", "stored", "SELECT id FROM b_needs_a", with_data=False),
    PGTrigger("public", "touch", on_entity="public.item",
              definition="BEFORE UPDATE ON public.item FOR EACH ROW EXECUTE FUNCTION touch()"),
    PGPolicy("public", "own", "USING (id > 0)", on_entity="public.item"),
    PGGrantTable("public", "item", "pg_monitor", "SELECT", ["id"]),
    PGFunction("public", "touch()",
               "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"),
    PGFunction("public", "next_id()", "RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$"),
    PGFunction("public", "items()", "RETURNS SETOF item LANGUAGE sql AS $$ SELECT * FROM item $$"),
    {more}
])
"""

ENTITIES_BY_HAND = """
CREATE FUNCTION next_id() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;
CREATE TABLE item (id integer PRIMARY KEY DEFAULT next_id());
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION items() RETURNS SETOF item LANGUAGE sql AS $$ SELECT * FROM item $$;
CREATE TRIGGER touch BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON item USING (id > 0);
CREATE VIEW a_needs_item AS SELECT id FROM item;
CREATE VIEW b_needs_a AS SELECT id FROM a_needs_item;
CREATE MATERIALIZED VIEW stored AS SELECT id FROM b_needs_a WITH NO DATA;
GRANT SELECT (id) ON item TO pg_monitor;
"""


def test_objects_of_alembic_utils_take_part_in_the_order_that_they_need(
    difference: Callable[..., list[dict[str, Any]]],
) -> None:
    assert difference(ENTITIES_BY_HAND, ENTITIES.format(more="")) == []


def test_what_alembic_utils_sees_is_marked_as_seen(
    difference: Callable[..., list[dict[str, Any]]],
) -> None:
    body = "RETURNS integer LANGUAGE sql AS $$ SELECT 2 * a $$"
    more = f'PGFunction("public", "twice(a integer)", "{body}")'

    changes = difference(ENTITIES_BY_HAND, ENTITIES.format(more=more))

    assert [(c["name"], c["autogenerate"]) for c in changes] == [("public.twice(integer)", True)]


FILTERED = """
CREATE SCHEMA audit;
CREATE SCHEMA other;
CREATE TYPE kind AS ENUM ('a');
CREATE TABLE item (id serial PRIMARY KEY);
CREATE TABLE legacy_item (id serial PRIMARY KEY, kind kind UNIQUE);
CREATE INDEX ix_legacy ON legacy_item (kind);
CREATE TABLE audit.entry (id integer PRIMARY KEY);
CREATE TABLE other.entry (id integer PRIMARY KEY);
"""


@pytest.mark.parametrize(
    "options",
    [
        "include_object=lambda thing, name, kind, reflected, other: "
        'kind != "table" or not name.startswith("legacy_") and thing.schema != "audit"',
        "include_schemas=True, include_name=lambda name, kind, parents: not "
        '(kind == "schema" and name == "audit" or kind == "table" and name.startswith("legacy_"))',
    ],
)
def test_tables_that_env_py_hides_are_no_difference(
    options: str, difference: Callable[..., list[dict[str, Any]]]
) -> None:
    models = 'sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True))'

    changes = difference(FILTERED, models, options)

    assert named(changes) == {
        ("removed", "schema", "audit"),
        ("removed", "schema", "other"),
        ("removed", "table", "other.entry"),
        ("removed", "column", "other.entry.id"),
        ("removed", "constraint", "other.entry.entry_pkey"),
    }


def test_check_replays_nothing_where_the_lock_file_has_the_models_fingerprint(
    make_project: Callable[..., Path], lockgate: Run, server: Server
) -> None:
    models = 'sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True))'
    fails = "__import__('os').environ.get('REPLAY') and op.execute('SELECT 1 / 0')"
    table = "op.create_table('item', sa.Column('id', sa.Integer, primary_key=True))"
    folder = make_project(
        SETTINGS,
        env_py=ENV_PY.format(models=models, options=""),
        revisions={"one": (f"{table}; {fails}", "op.drop_table('item')")},
    )
    scratch = server.url.render()
    assert lockgate(folder, "rehearse", SCRATCH_URL=scratch).returncode == 0

    at_once = lockgate(folder, "check", SCRATCH_URL=scratch, REPLAY="fails")
    with_all = lockgate(folder, "check", "--all", SCRATCH_URL=scratch, REPLAY="fails")

    assert at_once.returncode == 0, at_once.stdout
    assert "the models make the same schema as the revisions" in at_once.stdout
    assert "division by zero" in with_all.stdout


def test_check_makes_the_models_again_when_their_statements_changed(
    make_project: Callable[..., Path], lockgate: Run, server: Server
) -> None:
    models = 'sa.Table("item", metadata, sa.Column("id", sa.Integer), sa.Index("ix", "id"{}))'
    folder = make_project(
        SETTINGS,
        env_py=ENV_PY.format(models=models.format(""), options=""),
        revisions={
            "one": (
                "op.execute('CREATE TABLE item (id integer); CREATE INDEX ix ON item (id)')",
                "op.drop_table('item')",
            )
        },
    )
    scratch = server.url.render()
    lockgate(folder, "rehearse", SCRATCH_URL=scratch)
    first = lockgate(folder, "check", SCRATCH_URL=scratch)
    again = lockgate(folder, "check", SCRATCH_URL=scratch)
    other = ', postgresql_where=sa.text("id > 0")'
    (folder / "migrations" / "env.py").write_text(
        ENV_PY.format(models=models.format(other), options="")
    )

    changed = lockgate(folder, "check", SCRATCH_URL=scratch)

    assert (first.returncode, again.returncode) == (0, 0), first.stdout + again.stdout
    assert changed.returncode == 1
    said = " ".join(changed.stdout.split())
    assert "index public.ix, predicate added by the models (autogenerate" in said
