"""Everything inside Alembic, and beside SQLAlchemy's documentation, that lockgate relies on.

A new Alembic that changes one of these fails here first, with the name of what it changed. The
last test finds what `lockgate.migrations` uses and this module does not list.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from alembic import context as context_proxy
from alembic.autogenerate import RevisionContext
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep, StampStep
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import Revision, RevisionMap
from sqlalchemy import Connection, MetaData, create_engine, event, pool
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.inspection import _inspects

import lockgate.migrations
from lockgate.core.url import DatabaseUrl

CALLED: list[tuple[Callable[..., Any], list[str]]] = [
    (ScriptDirectory._upgrade_revs, ["self", "destination", "current_rev"]),
    (ScriptDirectory._downgrade_revs, ["self", "destination", "current_rev"]),
    (ScriptDirectory._stamp_revs, ["self", "revision", "heads"]),
    (Script._from_path, ["scriptdir", "path"]),
    (Script._list_py_dir, ["scriptdir", "path"]),
    (RevisionMap._filter_into_branch_heads, ["self", "targets"]),
    (MigrationContext.begin_transaction, ["self", "_per_migration"]),
    (MigrationStep.upgrade_from_script, ["revision_map", "script"]),
    (MigrationStep.downgrade_from_script, ["revision_map", "script"]),
    (MockConnection._run_ddl_visitor, ["self", "visitorcallable", "element"]),
    (_inspects, ["types"]),
]
"""Functions, and the parameters that lockgate gives them by name or place."""

READ: list[tuple[type, str]] = [
    (RevisionMap, "_revision_map"),
    (RevisionMap, "_get_ancestor_nodes"),
    (Revision, "_versioned_down_revisions"),
    (Revision, "_all_down_revisions"),
    (Revision, "_all_nextrev"),
    (Revision, "_orig_branch_labels"),
    (ScriptDirectory, "_version_locations"),
    (RevisionContext, "_last_autogen_context"),
    (MetaData, "_sequences"),
    (MigrationContext, "_user_compare_type"),
    (MigrationContext, "_user_compare_server_default"),
]
"""Attributes of instances."""

OURS = {"_lockgate_started", "_getframe", "_exit"}
"""Underscored names that lockgate gives itself, or that are Python's."""


@pytest.fixture
def directory(tmp_path: Path) -> ScriptDirectory:
    """Two revisions in a line."""
    config = Config(stdout=StringIO())
    config.set_main_option("script_location", str(tmp_path))
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text("")
    for revision, parent in (("one", None), ("two", "one")):
        (tmp_path / "versions" / f"{revision}.py").write_text(
            f"revision = {revision!r}\ndown_revision = {parent!r}\n"
            "def upgrade(): pass\ndef downgrade(): pass\n"
        )
    return ScriptDirectory.from_config(config)


@pytest.mark.parametrize(
    ("function", "parameters"), CALLED, ids=lambda given: getattr(given, "__qualname__", "")
)
def test_function_has_the_parameters_that_lockgate_gives_it(
    function: Callable[..., Any], parameters: list[str]
) -> None:
    found = [name for name in inspect.signature(function).parameters if name != "cls"]

    assert found[: len(parameters)] == parameters


@pytest.mark.parametrize(("owner", "name"), READ)
def test_attribute_is_there(directory: ScriptDirectory, owner: type, name: str) -> None:
    options = ("message", "branch_label", "version_path", "rev_id", "depends_on")
    arguments = dict.fromkeys(options) | {"sql": False, "splice": False, "head": "head"}
    writing = RevisionContext(Config(), directory, arguments)
    given = {"upgrade_token": "up", "downgrade_token": "down", "process_revision_directives": None}
    migration = MigrationContext.configure(dialect_name="postgresql", opts=given)
    writing.run_no_autogenerate((), migration)
    instances: dict[type, object] = {
        MetaData: MetaData(),
        RevisionContext: writing,
        MigrationContext: migration,
        RevisionMap: directory.revision_map,
        Revision: directory.get_revision("two"),
        ScriptDirectory: directory,
    }

    assert hasattr(instances[owner], name)


def test_steps_say_their_revision_and_direction(directory: ScriptDirectory) -> None:
    up = directory._upgrade_revs("head", ())  # type: ignore[arg-type]
    down = directory._downgrade_revs("base", ("two",))  # type: ignore[arg-type]
    [stamp] = directory._stamp_revs("two", ())

    assert [(s.is_upgrade, s.revision.revision) for s in up] == [
        (True, "one"),
        (True, "two"),
    ]
    assert [(s.is_upgrade, s.revision.revision) for s in down] == [
        (False, "two"),
        (False, "one"),
    ]
    assert isinstance(stamp, StampStep)
    assert (stamp.is_upgrade, stamp.to_, getattr(stamp, "revision", None)) == (True, ("two",), None)


def test_proxy_finds_methods_on_the_instance(directory: ScriptDirectory) -> None:
    called = []
    context = EnvironmentContext(Config(), directory, fn=lambda *_: [], as_sql=False)
    for name in ("configure", "run_migrations"):
        setattr(context, name, lambda name=name, **given: called.append((name, given)))

    with context:
        context_proxy.configure(connection=None)
        context_proxy.run_migrations()

    assert called == [("configure", {"connection": None}), ("run_migrations", {})]


def test_version_is_applied_inside_the_transaction_of_each_revision(
    directory: ScriptDirectory, database: DatabaseUrl
) -> None:
    seen: list[Any] = []

    # Any: Alembic's annotation asks for positional parameters, and it calls with keywords.
    def applied(*, ctx: MigrationContext, step: Any, heads: Any, **_: Any) -> None:
        assert ctx.connection is not None
        seen.append((set(heads), ctx.connection.in_transaction()))

    def committed(connection: Connection) -> None:
        seen.append("commit")

    engine = create_engine(database.with_driver("psycopg").render(), poolclass=pool.NullPool)

    def steps(heads: Any, context: MigrationContext) -> Any:
        for step in directory._upgrade_revs("head", heads):
            seen.append("begins")
            yield step

    with EnvironmentContext(Config(), directory, fn=steps, as_sql=False) as context:
        with engine.connect() as connection:
            context.configure(
                connection=connection,
                transaction_per_migration=True,
                on_version_apply=(applied,),  # type: ignore[arg-type]
            )
            event.listen(engine, "commit", committed)
            with context.begin_transaction():
                context.run_migrations()
        table = context.get_context().version_table, context.get_context().version_table_schema

    revisions = seen[seen.index("begins") :]
    assert revisions == [
        "begins",
        ({"one"}, True),
        "commit",
        "begins",
        ({"two"}, True),
        "commit",
    ]
    assert table == ("alembic_version", None)


def test_autocommit_block_commits_what_is_before_it_and_puts_the_driver_in_autocommit(
    database: DatabaseUrl,
) -> None:
    seen: list[tuple[str, bool]] = []
    engine = create_engine(database.with_driver("psycopg").render(), poolclass=pool.NullPool)

    def driver_says(connection: Connection) -> bool:
        autocommit: bool = connection.connection.dbapi_connection.autocommit  # type: ignore[union-attr]
        return autocommit

    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        event.listen(engine, "commit", lambda c: seen.append(("commit", driver_says(c))))
        with context.begin_transaction(), Operations.context(context) as op:
            op.execute("SELECT 1")
            with context.autocommit_block():
                seen.append(("block", driver_says(connection)))
            seen.append(("after", driver_says(connection)))

    assert seen[:2] == [("commit", False), ("block", True)]
    assert ("after", False) in seen


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_statement_sent_instead_answers_with_as_many_rows(
    database: DatabaseUrl, driver: str
) -> None:
    engine = create_engine(database.with_driver(driver).render(), poolclass=pool.NullPool)

    def instead(_: Any, __: Any, sql: str, parameters: Any, *more: Any) -> tuple[str, Any]:
        return "SELECT FROM pg_catalog.generate_series(1, 3)", type(parameters)()

    event.listen(engine, "before_cursor_execute", instead, retval=True)

    with engine.connect() as connection:
        rows = connection.exec_driver_sql("UPDATE gone SET x = 1").rowcount

    assert rows == 3


def test_every_internal_in_use_is_listed_here() -> None:
    listed = {function.__name__ for function, _ in CALLED} | {name for _, name in READ} | OURS
    used: dict[str, str] = {}
    for path in Path(lockgate.migrations.__path__[0]).glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        own = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and _is_self(n)}
        own -= {name for _, name in READ}
        own |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        used |= {
            node.attr: f"{path.name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr.startswith("_")
            and not node.attr.startswith("__")
            and node.attr not in own
        }

    assert {} == {name: place for name, place in used.items() if name not in listed}


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
