"""Runs the team's `env.py` without a server, to tell by a digest what its models would make.

Every engine that is made meanwhile has a dialect that knows a PostgreSQL major and connects to
nothing. What is sent is recorded; where an answer is looked for there is none, and what would be
made cannot be told. Running `env.py` on a server is `driver`'s.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NoReturn

from alembic.operations import Operations  # noqa: F401  (loads op before env.py does)
from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import Pool

from lockgate.core.environment import PRIMARY
from lockgate.core.url import DatabaseUrl
from lockgate.migrations import entities
from lockgate.migrations.apart import apart
from lockgate.migrations.models import models_of, schemas_of
from lockgate.migrations.process import alembic_hushed
from lockgate.migrations.project import AlembicProject, urls_delivered
from lockgate.migrations.recording import Record, Untold, record_models

NOWHERE = "postgresql://postgres@/lockgate_scratch_000000000000"
"""What `env.py` is told to connect to."""

REWRITING = ("before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute")
"""Events of connections whose listeners see statements, and might send others."""
EXECUTING = ("do_execute", "do_executemany", "do_execute_no_params")
"""The same, of dialects."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a run showed: the digest of what the models make, else why it cannot be told."""

    digest: str | None
    why_not: str | None = None


def tell_models(
    project: AlembicProject,
    *,
    variable: str,
    driver: str | None,
    major: int,
    beforehand: Sequence[str] = (),
) -> Told:
    """The digest of all that `env.py` and its models would send to an empty PostgreSQL `major`.

    `beforehand` is what the database is given first.
    """
    if not hasattr(os, "fork"):
        return Told(None, "this system cannot copy a process")
    url = {PRIMARY: DatabaseUrl.parse(NOWHERE, source="unconnected")}

    def told() -> str:
        run = _Run(project, major)
        run.record.note_values(list(beforehand))
        with urls_delivered(project, url, variable=variable, driver=driver):
            return json.dumps(run.told())

    answer = apart(told)
    return Told(None, "env.py ends its process") if answer is None else Told(*json.loads(answer))


class _Run:
    """The state of one run of `env.py`."""

    def __init__(self, project: AlembicProject, major: int) -> None:
        self.project = project
        self.major = major
        self.record = Record()
        self.configured = 0
        self.migrated = 0

    def told(self) -> tuple[str | None, str | None]:
        """The digest, or why there is none."""
        os.chdir(self.project.root)
        try:
            with redirect_stdout(sys.stderr), alembic_hushed():
                self.connect_to_nothing()
                return self.run_env(), None
        except Untold as untold:
            return None, str(untold)
        except (Exception, SystemExit) as error:  # the team's own, which finds no database here
            return None, self.record.untold or f"env.py stops with {type(error).__name__}"

    def run_env(self) -> str:
        directory = self.project.directory
        context = EnvironmentContext(self.project.config, directory, as_sql=False)
        configure = context.configure
        # On the instance: Alembic's module proxy looks the methods up there at each call.
        context.configure = lambda **given: self.configure(configure, given)  # type: ignore[method-assign]
        context.run_migrations = lambda **given: self.migrate(context, given)  # type: ignore[method-assign]
        with context:
            directory.run_env()
        if (self.configured, self.migrated) != (1, 1):
            raise Untold("env.py configures other than once")
        return self.record.digest()

    # -- env.py's calls --------------------------------------------------------------------

    def configure(self, configure: Callable[..., None], given: dict[str, Any]) -> None:
        connection: Connection | None = given.get("connection")
        if connection is None or not _leads_nowhere(connection.dialect):
            self.refuse("env.py configures no connection of its own making")
        self.configured += 1
        configure(**given)

    def migrate(self, context: EnvironmentContext, _: dict[str, Any]) -> None:
        """Records the models instead of running revisions."""
        self.migrated += 1
        migration = context.get_context()
        connection, record = migration.connection, self.record
        assert connection is not None
        for dispatch, names in (
            (connection.dispatch, REWRITING),
            (connection.dialect.dispatch, EXECUTING),
        ):
            if any(getattr(dispatch, name) for name in names):
                self.refuse("a listener of the engine sees the statements")
        models = models_of(migration.opts)
        if not models:
            self.refuse("env.py names no models")
        record.note("version table")
        record.note_values([migration.version_table, migration.version_table_schema])
        record.note_values(dict(connection.get_execution_options()))
        for metadata, tables in models:
            record.note("schemas", *schemas_of(metadata, tables))
        record_models(record, migration.dialect, models)
        for entity in entities.registered(migration.opts):
            record.note(str(entity.to_sql_statement_create()))
        record.note("models end")

    def refuse(self, why: str) -> NoReturn:
        """Ends it, also if the team's code swallows what is raised here."""
        self.record.give_up(why)
        raise Untold(why)

    # -- SQLAlchemy ------------------------------------------------------------------------

    def connect_to_nothing(self) -> None:
        """Gives every engine that is made in this process a dialect that connects to nothing."""
        for name in DIALECTS:
            loader = registry.impls.get(name) or registry.auto_fn(name)  # type: ignore[misc]
            registry.impls[name] = self.loader(loader)
        event.listen(Engine, "do_connect", self.connecting)
        event.listen(Pool, "connect", self.connected)

    def loader(self, load: Callable[[], Any]) -> Callable[[], type[Dialect]]:
        def loaded() -> type[Dialect]:
            found = load()  # a dialect, or the module that has one
            return self.unconnected(found if isinstance(found, type) else found.dialect)

        return loaded

    def unconnected(self, real: type[Dialect]) -> type[Dialect]:
        """`real` without its driver and its server."""
        run = self

        class Unconnected(real):  # type: ignore[misc, valid-type]
            supports_statement_cache = True
            leads_nowhere = True

            @classmethod
            def import_dbapi(cls) -> Any:
                return _NoDriver(run.record, cls.default_paramstyle)

            @classmethod
            def get_async_dialect_cls(cls, url: Any) -> type[Dialect]:
                return run.unconnected(super().get_async_dialect_cls(url))

            def connect(self, *_: Any, **__: Any) -> Any:
                return _NoConnection(run.record)

            def on_connect(self) -> None:
                return None

            def initialize(self, _: Connection) -> None:
                PGDialect.initialize(self, _Initial())  # type: ignore[no-untyped-call]

            def _get_server_version_info(self, _: Any) -> tuple[int, int]:
                return (run.major, 0)

            def _get_default_schema_name(self, _: Any) -> str:
                return "public"

            def get_default_isolation_level(self, _: Any) -> Any:
                return "READ COMMITTED"

            def set_isolation_level(self, _: Any, level: str) -> None:
                run.record.note("isolation level", level)

            def reset_isolation_level(self, _: Any) -> None:
                run.record.note("isolation level")

        return Unconnected

    def connecting(self, dialect: Dialect, *_: Any) -> None:
        if not _leads_nowhere(dialect):
            self.refuse(f"env.py connects to {dialect.name} by an engine of its own")

    def connected(self, dbapi_connection: Any, _: Any) -> None:
        if not isinstance(dbapi_connection, _NoConnection):
            dbapi_connection.close()
            self.refuse("env.py connects by a function of its own")


DIALECTS = (
    "postgresql",
    *(
        f"postgresql.{driver}"
        for driver in ("asyncpg", "pg8000", "psycopg", "psycopg2", "psycopg2cffi", "psycopg_async")
    ),
)
"""The names by which SQLAlchemy has PostgreSQL."""


def _leads_nowhere(dialect: Dialect) -> bool:
    return getattr(dialect, "leads_nowhere", False)


class _NoDriver:
    """What stands in for the driver's module; false, as a dialect asks for the real one."""

    class Error(Exception):
        """Never raised."""

    def __init__(self, record: Record, paramstyle: str) -> None:
        self.record = record
        self.paramstyle = paramstyle

    def __bool__(self) -> bool:
        return False

    def __getattr__(self, name: str) -> NoReturn:
        if not name.startswith("__"):  # SQLAlchemy asks for its __version__ itself
            self.record.give_up(f"env.py uses {name} of the driver")
        raise AttributeError(name)


class _Initial:
    """The connection that a dialect finds out its server's ways by."""

    connection = SimpleNamespace(dbapi_connection=None)

    def exec_driver_sql(self, _: str) -> _Initial:
        """Takes the one question that is left, which is for standard_conforming_strings."""
        return self

    def scalar(self) -> str:
        """Its answer."""
        return "on"


class _NoConnection:
    """What stands in for the driver's connection, and for its cursor.

    Whatever is executed is recorded and has a result, at which nobody may look.
    """

    record: Record
    autocommit = False
    description = (("answer", None, None, None, None, None, None),)
    notices = ()

    def __init__(self, record: Record) -> None:
        self.__dict__.update(record=record, connection=self)

    def cursor(self, *_: Any, **__: Any) -> _NoConnection:
        """Itself, for there is no result to be kept apart."""
        return self

    def execute(self, statement: Any, parameters: object = None, **_: object) -> _NoConnection:
        """Records a statement, which some drivers take in forms of their own."""
        self.record.note_values([statement, parameters])
        return self

    executemany = execute

    def commit(self) -> None:
        """Records it, for it keeps what was set before."""
        self.record.note("commit")

    def rollback(self) -> None:
        """Records it, for it undoes what was set before."""
        self.record.note("rollback")

    def close(self) -> None:
        """Has nothing to do."""

    terminate = close

    def __enter__(self) -> _NoConnection:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def fetchone(self, *_: object) -> NoReturn:
        """Raises Untold."""
        self.record.give_up("env.py asks the database")
        raise Untold(self.record.untold)

    fetchmany = fetchall = __iter__ = __next__ = fetchone
    rowcount = property(fetchone)

    def __setattr__(self, name: str, value: object) -> None:
        self.record.note_values({name: value})
        self.__dict__[name] = value

    def __getattr__(self, name: str) -> NoReturn:
        self.record.give_up(f"env.py uses {name} of the driver's connection")
        raise AttributeError(name)
