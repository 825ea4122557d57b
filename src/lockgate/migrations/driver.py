"""Runs the team's own `env.py`, unchanged, and sees everything that it does to a database.

Every connection that any SQLAlchemy engine opens meanwhile is shown to the caller's `Guard`
before a statement runs on it; on a scratch run every connection is led to the scratch database,
whatever URL `env.py` holds. Which revisions run is the caller's; see `steps`.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, chdir, contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import quote

from alembic.operations import Operations  # noqa: F401  (loads op before env.py does)
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, TextClause, event, exc, make_url, text
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import Pool

from lockgate.core.environment import PRIMARY
from lockgate.core.outcome import Step
from lockgate.core.statement import Direction, Statement, sent_text
from lockgate.core.url import DatabaseUrl
from lockgate.errors import LockgateError
from lockgate.migrations.failures import (
    AlembicRefused,
    EnvPyCannotConnect,
    EnvPyRanNothing,
    LoginLacksRight,
    RevisionCodeFailed,
    RunFailed,
    RunRecord,
    StatementFailed,
    VersionTable,
    one_line,
    server_words,
    sqlstate,
)
from lockgate.migrations.observer import DbapiConnection, Execute, Guard, Observer, Session
from lockgate.migrations.process import alembic_hushed, modules_forgotten, sys_path_kept
from lockgate.migrations.project import AlembicProject, urls_delivered

Steps = Callable[[tuple[str, ...], MigrationContext], Sequence[Any]]
"""From the heads that a database is at, Alembic's steps to run there (RevisionStep, StampStep)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a run goes: the URLs handed to `env.py`, by part, and how it reads them.

    With `redirect`, every connection is led there whatever `env.py` asks for.
    """

    urls: Mapping[str, DatabaseUrl]
    variable: str
    driver: str | None
    redirect: bool = False


def drive(
    project: AlembicProject,
    steps: Steps,
    *,
    target: Target,
    guard: Guard,
    observer: Observer | None = None,
    options: Mapping[str, object] | None = None,
) -> RunRecord:
    """Runs `env.py` once against `target` with `steps`, and says what happened.

    `options` go to Alembic's EnvironmentContext, as its commands pass them (`dont_mutate`,
    `purge`, `destination_rev`, `tag`, `revision_context`).

    Raises a RunFailed, AlembicRefused, or whatever `guard` and `observer` raise.
    """
    run = _Run(project, steps, target, guard, observer or Observer())
    with ExitStack() as stack:
        stack.enter_context(chdir(project.root))
        stack.enter_context(redirect_stdout(sys.stderr))
        stack.enter_context(
            urls_delivered(project, target.urls, variable=target.variable, driver=target.driver)
        )
        stack.enter_context(sys_path_kept())
        stack.enter_context(modules_forgotten(project.module_folders()))
        stack.enter_context(alembic_hushed())
        stack.enter_context(run.listening())
        run.run_env(options or {})
    return run.record()


class _Run:
    """The state of one run of `env.py`; its methods are the listeners."""

    def __init__(
        self,
        project: AlembicProject,
        steps: Steps,
        target: Target,
        guard: Guard,
        observer: Observer,
    ) -> None:
        self.project = project
        self.called_from = Path.cwd()  # env.py runs in the project's own folder
        self.steps = steps
        self.target = target
        self.guard = guard
        self.observer = observer
        self.refusal: LockgateError | None = None
        self.failures: dict[str, BaseException] = {}
        self.heads_before: dict[str, tuple[str, ...]] = {}
        self.done: list[Step] = []
        self.step: Step | None = None
        self.migrating = False
        self.version_tables: list[VersionTable] = []
        self.checked: dict[int, object] = {}
        self.external_transaction = False
        self.own_statement = False
        self.own_statement_failed = False

    def record(self, *, failed: bool = False) -> RunRecord:
        return RunRecord(
            dict(self.heads_before),
            () if failed and self.external_transaction else tuple(self.done),
            tuple(self.version_tables),
            self.external_transaction,
        )

    def run_env(self, options: Mapping[str, object]) -> None:
        directory = self.project.directory
        context = EnvironmentContext(
            self.project.config,
            directory,
            fn=self.run_steps,
            as_sql=False,
            **options,
        )
        configure, run_migrations = context.configure, context.run_migrations
        # On the instance: Alembic's module proxy looks the methods up there at each call.
        context.configure = lambda **given: self.configure(context, configure, given)  # type: ignore[method-assign]
        context.run_migrations = lambda **given: self.migrate(run_migrations, given)  # type: ignore[method-assign]
        try:
            with context:
                directory.run_env()
        except BaseException as error:
            if not _is_orderly_exit(error) or self.step is not None:
                ended_by = self.failure() or self.in_words(error)
                raise ended_by from self.cause_of(ended_by, error)
        # What ended the run may have been swallowed by env.py, or by the revision.
        failure = self.failure()
        if failure is not None:
            raise failure
        if not self.version_tables:
            raise EnvPyRanNothing(str(Path(directory.dir, "env.py")))

    def failure(self) -> BaseException | None:
        return self.refusal or next(iter(self.failures.values()), None)

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Keeps what the Guard or the Observer raises, whatever the team's code makes of it."""
        try:
            yield
        except LockgateError as refusal:
            self.refusal = self.refusal or refusal
            raise

    # -- env.py's calls --------------------------------------------------------------------

    def configure(
        self, context: EnvironmentContext, configure: Callable[..., None], given: dict[str, Any]
    ) -> None:
        connection: Connection | None = given.get("connection")
        if connection is None:
            configure(**given)
            return
        # As Alembic decides it: what is open already, only env.py can commit.
        external_transaction = connection.in_transaction()
        dbapi_connection = connection.connection.dbapi_connection
        if id(dbapi_connection) not in self.checked:
            # Opened before this run began listening, by the import of the team's own modules.
            self.show(dbapi_connection, connection.engine.url.host)
        schema = self.schema_of(connection)
        callbacks = given.get("on_version_apply") or ()
        callbacks = (callbacks,) if callable(callbacks) else tuple(callbacks)
        configure(
            **given
            | {
                "transaction_per_migration": True,
                "on_version_apply": (*callbacks, self.version_applied),
            }
        )
        self.external_transaction |= external_transaction
        migration = context.get_context()
        table = VersionTable(
            migration.version_table,
            migration.version_table_schema or schema,
            self.part(connection),
        )
        self.version_tables.append(table)
        self.observer.configured(table)

    def schema_of(self, connection: Connection) -> str | None:
        dbapi_connection = connection.connection.dbapi_connection
        with self.heeded():
            schema = self.guard.configured(dbapi_connection)  # type: ignore[arg-type]
        if not connection.in_transaction():
            dbapi_connection.rollback()  # type: ignore[union-attr]
        return schema

    def part(self, connection: Connection) -> str:
        """The database that `env.py` is configuring now.

        What it opened by a URL of its own is taken for the next one in the order of the settings.
        """
        parts = tuple(self.target.urls)
        in_order = parts[min(len(self.version_tables), len(parts) - 1)]
        return str(connection.info.get("lockgate_part", in_order))

    def migrate(self, run_migrations: Callable[..., None], given: dict[str, Any]) -> None:
        part = self.version_tables[-1].part if self.version_tables else PRIMARY
        self.migrating = True
        try:
            run_migrations(**given)
        except BaseException as error:
            self.failures[part] = self.in_words(error)
            raise
        finally:
            self.migrating = False
        self.failures.pop(part, None)

    def run_steps(self, heads: tuple[str, ...], context: MigrationContext) -> Iterator[Any]:
        part = self.version_tables[-1].part
        self.heads_before[part] = tuple(heads)
        if context.connection is not None:
            # Once more: env.py may have turned search_path after it configured the context.
            self.schema_of(context.connection)
        for step in self.steps(tuple(heads), context):
            self.step = _step(step, part)
            with self.heeded():
                self.observer.step_begins(self.step)
            yield step
            self.done.append(self.step)
            self.observer.step_committed(self.step)
            self.step = None

    def version_applied(
        self, *, ctx: MigrationContext, step: MigrationInfo, heads: set[str], **_: object
    ) -> None:
        assert self.step is not None
        assert ctx.connection is not None
        if self.refusal is not None:  # the revision swallowed it
            raise self.refusal
        self.step.heads = tuple(sorted(heads))
        with self.heeded():
            self.observer.step_applied(self.step, self.session(ctx.connection).execute)
        self.step.applied = True

    def session(self, connection: Connection) -> Session:
        def execute(sql: str, parameters: Mapping[str, object]) -> int:
            self.own_statement = True
            try:
                return connection.execute(_text(sql), dict(parameters)).rowcount
            except exc.DBAPIError:
                self.own_statement_failed = True
                raise
            finally:
                self.own_statement = False

        return Session(connection.connection.dbapi_connection, execute)  # type: ignore[arg-type]

    # -- SQLAlchemy's events ---------------------------------------------------------------

    @contextmanager
    def listening(self) -> Iterator[None]:
        listeners: list[tuple[Any, str, Callable[..., Any], dict[str, bool]]] = [
            (Engine, "do_connect", self.connecting, {}),
            (Pool, "connect", self.connected, {}),
            (Pool, "checkin", _checked_in, {}),
            (Engine, "before_cursor_execute", self.before_statement, {"retval": True}),
            (Engine, "after_cursor_execute", self.after_statement, {}),
            (Engine, "commit", self.committing, {}),
            (Engine, "rollback", self.rolling_back, {}),
        ]
        with ExitStack() as stack:
            for target, name, listener, options in listeners:
                event.listen(target, name, listener, **options)
                stack.callback(event.remove, target, name, listener)
            yield

    def connecting(
        self, dialect: Dialect, record: Any, cargs: list[Any], cparams: dict[str, Any]
    ) -> Any:
        if dialect.name != "postgresql":
            return None
        part = self.delivered_part(dialect, cparams)
        if record is not None:
            record.info["lockgate_host"] = cparams.get("host")
            if part is not None:
                record.info["lockgate_part"] = part
        if not self.target.redirect:
            return None
        # A URL that env.py holds itself can only mean the first scratch database.
        url = self.target.urls[part] if part is not None else next(iter(self.target.urls.values()))
        scratch_parameters = _parameters(dialect, url)
        # What env.py asks for beside the address, such as a search_path, it gets on scratch too.
        kept = {name: value for name, value in cparams.items() if name not in _ADDRESS}
        return dialect.connect(*cargs, **kept | scratch_parameters)

    def delivered_part(self, dialect: Dialect, cparams: Mapping[str, Any]) -> str | None:
        """The part whose delivered URL `env.py` opens, None where it has a URL of its own."""
        for part, url in self.target.urls.items():
            if all(cparams.get(key) == value for key, value in _parameters(dialect, url).items()):
                return part
        return None

    def connected(self, dbapi_connection: Any, record: Any) -> None:
        if not _is_postgres(dbapi_connection):
            return
        self.show(dbapi_connection, record.info.get("lockgate_host"))

    def show(self, dbapi_connection: Any, host: object) -> None:
        self.checked[id(dbapi_connection)] = dbapi_connection
        if host is None:  # left to the driver, or to a creator function
            host = _host(dbapi_connection)
        try:
            with self.heeded():
                self.guard.connected(
                    dbapi_connection,
                    host=None if host is None else str(host),
                    announced_pid=_announced_pid(dbapi_connection),
                )
        except BaseException:
            dbapi_connection.close()  # no pool keeps what it could not connect
            raise

    def before_statement(
        self,
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        executemany: bool,
    ) -> tuple[str, Any]:
        if self.own_statement:
            return statement, parameters
        if self.step is None:
            return self.outside_statement(statement, parameters)
        if self.refusal is not None:  # the revision swallowed it
            raise self.refusal
        line = _line_in(self.step.file, sys._getframe(1))
        session = self.session(connection)
        seen = Statement(
            sql=sent_text(statement, parameters, connection.dialect.paramstyle),
            parameters=parameters or None,
            revision=self.step.revision,
            direction=self.step.direction,
            file=self.step.file if line is not None else None,
            line=line,
            # As the driver has it: an engine may be in autocommit without any execution option.
            transactional=getattr(session.connection, "autocommit", False) is not True,
        )
        self.step.statements.append(seen)
        with self.heeded():
            instead = self.observer.statement_begins(seen, session)
        if instead is not None:
            return instead, type(parameters)()
        if context is not None:
            context._lockgate_started = time.perf_counter()
        return statement, parameters

    def outside_statement(self, statement: str, parameters: Any) -> tuple[str, Any]:
        if self.done:
            return statement, parameters
        with self.heeded():
            instead = self.observer.before_steps(statement, parameters, by_alembic=self.migrating)
        return (statement, parameters) if instead is None else (instead, type(parameters)())

    def after_statement(
        self,
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: object,
        context: Any,
        executemany: bool,
    ) -> None:
        if self.step is None or self.own_statement:
            return
        started = getattr(context, "_lockgate_started", None)
        if started is None:
            return
        done = replace(
            self.step.statements[-1],
            milliseconds=(time.perf_counter() - started) * 1_000,
            rows=cursor.rowcount if cursor.rowcount >= 0 else None,
        )
        self.step.statements[-1] = done
        with self.heeded():
            self.observer.statement_done(done, self.session(connection))

    def committing(self, connection: Connection) -> None:
        if self.step is not None and not self.step.applied:
            with self.heeded():
                self.observer.committing(self.session(connection))

    def rolling_back(self, connection: Connection) -> None:
        # One that an interruption has invalidated has nothing open any more.
        if self.step is not None and not self.step.applied and not connection.invalidated:
            self.observer.rolled_back(self.session(connection))

    # -- errors ----------------------------------------------------------------------------

    def in_words(self, error: BaseException) -> BaseException:
        """The error that ends the command for what came out of `env.py`."""
        interruption = _interruption(error)
        if interruption is not None:
            return interruption
        if isinstance(error, LockgateError):
            return error
        part_way = self.step is not None and self.step.part_way
        if isinstance(error, exc.DBAPIError) and self.step is not None and self.step.statements:
            sql, place = self.failed_statement(error, self.step)
            return StatementFailed(
                revision=self.step.revision,
                direction=self.step.direction,
                place=place,
                sqlstate=sqlstate(error),
                reason=server_words(error),
                sql=sql,
                part_way=part_way,
                record=self.record(failed=True),
            )
        if isinstance(error, CommandError):
            return AlembicRefused(one_line(str(error)))
        if isinstance(error, exc.OperationalError) and not self.version_tables:
            return EnvPyCannotConnect(self.where(error), self.scrubbed(server_words(error)))
        if isinstance(error, exc.DBAPIError) and self.step is None and sqlstate(error) == "42501":
            return LoginLacksRight(self.scrubbed(server_words(error)))
        words = one_line(traceback.format_exception_only(error)[-1])
        return RevisionCodeFailed(
            where=self.where(error),
            error=f'"{self.scrubbed(words)}"',
            part_way=part_way,
            record=self.record(failed=True),
        )

    def failed_statement(self, error: exc.DBAPIError, step: Step) -> tuple[str, str]:
        """Text and place of the statement that `error` came from."""
        if self.own_statement_failed:
            return str(error.statement), "lockgate's own account of it"
        if step.applied:
            return "COMMIT", "its commit"
        texts = (error.statement, sent_text(error.statement or "", None, "format"))
        failed = next((s for s in reversed(step.statements) if s.sql in texts), step.statements[-1])
        if failed.file is None:
            return failed.sql, "Alembic's version table"
        return failed.sql, f"{Path(failed.file).name}:{failed.line}"

    def where(self, error: BaseException) -> str:
        """The innermost line of the team's own that the error passed through."""
        root = str(self.project.root.resolve())
        frames = traceback.extract_tb(error.__traceback__)
        own = [
            f for f in frames if f.filename.startswith(root) and "site-packages" not in f.filename
        ]
        if not own:
            return Path(self.project.directory.dir, "env.py").name
        path = Path(own[-1].filename)
        shown = path.relative_to(self.called_from) if self.called_from in path.parents else path
        return f"{shown}:{own[-1].lineno}"

    def cause_of(self, failure: BaseException, error: BaseException) -> BaseException | None:
        """What a traceback may show as the cause: no refusal's wrapping, and no password."""
        if failure is error or not isinstance(failure, RunFailed | EnvPyCannotConnect):
            return None
        shown = "".join(traceback.format_exception(error))
        return None if self.scrubbed(shown) != shown else error

    def scrubbed(self, words: str) -> str:
        for url in self.target.urls.values():
            if url.password:
                for spelled in (url.password, quote(url.password, safe="")):
                    words = words.replace(spelled, "***")
        return words


_ADDRESS = frozenset(
    "host hostaddr port user password dbname database dsn service passfile"  # noqa: SIM905
    " ssl sslmode sslcert sslkey sslpassword sslrootcert sslcrl sslnegotiation direct_tls"
    " gssencmode gsslib krbsrvname channel_binding require_auth"
    " target_session_attrs load_balance_hosts async_creator_fn".split()
)
"""The parameters of the drivers that say which server to reach, and how."""


@cache
def _text(sql: str) -> TextClause:
    return text(sql)  # looks for parameters, once


def _interruption(error: BaseException | None) -> KeyboardInterrupt | None:
    """The Ctrl-C or SIGTERM that `error` is, or that it came up in cleaning up after."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return error
        error = error.__context__
    return None


def _is_orderly_exit(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _step(step: Any, part: str) -> Step:
    direction = Direction.UP if step.is_upgrade else Direction.DOWN
    script = getattr(step, "revision", None)
    if script is None:  # a StampStep
        moved = step.to_ or step.from_
        return Step(", ".join(moved), "stamp", direction, "", part=part, stamp=True)
    return Step(script.revision, script.doc, direction, str(script.path), part=part)


def _line_in(file: str, frame: FrameType | None) -> int | None:
    """The line of `file` that is being executed up the stack from `frame`."""
    while frame is not None:
        if frame.f_code.co_filename == file:
            return frame.f_lineno
        frame = frame.f_back
    return None


def _parameters(dialect: Dialect, url: DatabaseUrl) -> dict[str, Any]:  # Any: the driver's own
    """What `dialect` would hand to its driver to open `url`."""
    _, parameters = dialect.create_connect_args(make_url(url.with_driver(dialect.driver).render()))
    return dict(parameters)


def _is_postgres(dbapi_connection: Any) -> bool:
    return type(dbapi_connection).__module__.partition(".")[0] != "sqlite3"


def _host(dbapi_connection: Any) -> str | None:
    """The host that the driver connected to, where the driver keeps it."""
    driver_connection = getattr(dbapi_connection, "driver_connection", dbapi_connection)
    address = getattr(driver_connection, "_addr", None)
    if address is not None:  # asyncpg: host and port, or the path of a socket
        return address if isinstance(address, str) else str(address[0])
    host: str | None = getattr(getattr(driver_connection, "info", None), "host", None)
    return host


def _announced_pid(dbapi_connection: Any) -> int | None:
    """The server process that the driver was told of at login, where the driver keeps it."""
    driver_connection = getattr(dbapi_connection, "driver_connection", dbapi_connection)
    if hasattr(driver_connection, "get_server_pid"):  # asyncpg
        return int(driver_connection.get_server_pid())
    native = getattr(driver_connection, "info", None)
    return getattr(native, "backend_pid", None)


def _checked_in(dbapi_connection: Any, record: Any) -> None:
    """Lets no pool keep a connection: it would outlive the run, and the event loop of the run."""
    if dbapi_connection is not None and _is_postgres(dbapi_connection):
        record.invalidate()


__all__ = [
    "AlembicRefused",
    "DbapiConnection",
    "EnvPyCannotConnect",
    "EnvPyRanNothing",
    "Execute",
    "Guard",
    "Observer",
    "RevisionCodeFailed",
    "RunFailed",
    "RunRecord",
    "Session",
    "StatementFailed",
    "Steps",
    "Target",
    "VersionTable",
    "drive",
]
