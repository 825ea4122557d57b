"""Runs the team's own `env.py`, unchanged, and sees everything that it does to a database.

Every connection that any SQLAlchemy engine opens meanwhile is shown to the caller's `Guard`
before a statement runs on it; on a scratch run every connection is led to the scratch database,
whatever URL `env.py` holds. Which revisions run is the caller's; see `steps`.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, chdir, contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar, Protocol

from alembic.operations import Operations  # noqa: F401  (loads op before env.py does)
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, event, exc, make_url, text
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import Pool

from lockgate.core.environment import PRIMARY
from lockgate.core.outcome import Step
from lockgate.core.statement import Direction, Statement
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.project import AlembicProject, urls_delivered

Steps = Callable[[tuple[str, ...], MigrationContext], Sequence[Any]]
"""From the heads that a database is at, Alembic's steps to run there (RevisionStep, StampStep)."""

Execute = Callable[[str, Mapping[str, object]], int]
"""Runs SQL with `:name` parameters in the revision's transaction; answers the rows touched."""


class Guard(Protocol):
    """Sees each new connection first, and may refuse it by raising."""

    def connected(
        self, connection: DbapiConnection, *, host: str | None, announced_pid: int | None
    ) -> None:
        """Checks identity and sets the session up; the connection is in no transaction."""

    def configured(self, connection: DbapiConnection) -> str | None:
        """Checks what `env.py` may have changed on the connection since; answers its schema."""


class DbapiConnection(Protocol):
    """What every DBAPI connection can do."""

    def cursor(self) -> Any:  # Any: the driver's own cursor class
        """A new cursor."""

    def commit(self) -> None:
        """Ends the transaction."""

    def rollback(self) -> None:
        """Ends the transaction and undoes it."""


class Observer:
    """Told of each revision and statement as it happens; does nothing unless overridden."""

    def configured(self, table: VersionTable) -> None:
        """Once `env.py` has said where its version table is."""

    def step_begins(self, step: Step) -> None:
        """Before a revision's function is called, outside its transaction."""

    def statement_begins(self, statement: Statement, connection: DbapiConnection) -> None:
        """Before a statement is sent."""

    def statement_done(self, statement: Statement) -> None:
        """After a statement, with its duration."""

    def step_applied(self, step: Step, execute: Execute) -> None:
        """After the version table was updated, still inside the revision's transaction."""

    def step_committed(self, step: Step) -> None:
        """After the revision's transaction, before the next step or the end of the run."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a run goes: the URLs handed to `env.py`, by part, and how it reads them.

    With `redirect`, every connection is led there whatever `env.py` asks for.
    """

    urls: Mapping[str, DatabaseUrl]
    variable: str
    driver: str | None
    redirect: bool = False


@dataclass(frozen=True, slots=True)
class VersionTable:
    """Where `env.py` keeps its version table."""

    name: str
    schema: str | None
    part: str = PRIMARY


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run of `env.py` did: the heads it found, the steps it ran, its version tables.

    `heads_before` has one entry per part that `env.py` configured.
    """

    heads_before: Mapping[str, tuple[str, ...]]
    steps: tuple[Step, ...]
    version_tables: tuple[VersionTable, ...]
    external_transaction: bool


class RunFailed(LockgateError):
    """A run of `env.py` that ended in an error; `record` says how far it came."""

    record: RunRecord


@dataclass(eq=False)
class StatementFailed(RunFailed):
    """The server refused a statement of a revision."""

    revision: str
    direction: Direction
    place: str
    sqlstate: str | None
    reason: str
    sql: str
    part_way: bool
    record: RunRecord = field(repr=False)

    code: ClassVar[str] = "LG-RUN-1"

    @property
    def exit_status(self) -> ExitStatus:  # type: ignore[override]
        """Whether anything lasting was made before."""
        return ExitStatus.PART_WAY if self.part_way else ExitStatus.ROLLED_BACK

    @property
    def message(self) -> str:
        """Revision, place, the server's words and SQLSTATE."""
        state = f" (SQLSTATE {self.sqlstate})" if self.sqlstate else ""
        outcome = "stopped part-way" if self.part_way else "rolled back"
        return (
            f"{self.direction} of revision {self.revision} failed and was {outcome}, "
            f"at {self.place}: {self.reason}{state}"
        ).replace("was stopped", "stopped")

    @property
    def hint(self) -> str:
        """What to mend, and how to go on."""
        if self.part_way:
            return "remove the cause, then run the same command again: it goes on from there"
        return f"correct the statement in {self.place}, and try it with `lockgate rehearse`"


@dataclass(eq=False)
class RevisionCodeFailed(RunFailed):
    """Python code of a revision or of `env.py` raised an error."""

    where: str
    error: str
    part_way: bool
    record: RunRecord = field(repr=False)

    code: ClassVar[str] = "LG-RUN-2"

    @property
    def exit_status(self) -> ExitStatus:  # type: ignore[override]
        """Whether anything lasting was made before."""
        return ExitStatus.PART_WAY if self.part_way else ExitStatus.ROLLED_BACK

    @property
    def message(self) -> str:
        """Place and error."""
        return f"{self.where} raised {self.error}"

    @property
    def hint(self) -> str:
        """Where to look."""
        return f"correct {self.where}; run again with --verbose for the whole traceback"


@dataclass(eq=False)
class AlembicRefused(LockgateError):
    """Alembic does not accept the arguments or the history."""

    reason: str

    code: ClassVar[str] = "LG-RUN-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Alembic's words."""
        return self.reason

    @property
    def hint(self) -> str:
        """Where the revisions are listed."""
        return "run `lockgate history` and `lockgate heads` to see the revisions there are"


@dataclass(eq=False)
class EnvPyRanNothing(LockgateError):
    """`env.py` ended without ever calling `context.configure` with a connection."""

    path: str

    code: ClassVar[str] = "LG-RUN-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file."""
        return f'"{self.path}" ended without context.configure(connection=...)'

    @property
    def hint(self) -> str:
        """What env.py must do online."""
        return "let env.py configure the context with a connection when it is not offline"


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
        stack.enter_context(_sys_path_kept())
        stack.enter_context(_alembic_hushed())
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
        self.steps = steps
        self.target = target
        self.guard = guard
        self.observer = observer
        self.refusal: BaseException | None = None
        self.heads_before: dict[str, tuple[str, ...]] = {}
        self.done: list[Step] = []
        self.step: Step | None = None
        self.version_tables: list[VersionTable] = []
        self.checked: dict[int, object] = {}
        self.external_transaction = False
        self.own_statement = False
        self.thread = threading.get_ident()

    def record(self) -> RunRecord:
        return RunRecord(
            dict(self.heads_before),
            tuple(self.done),
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
        configure = context.configure
        # On the instance: Alembic's module proxy looks the method up there at each call.
        context.configure = lambda **given: self.configure(context, configure, given)  # type: ignore[method-assign]
        try:
            with context:
                directory.run_env()
        except BaseException as error:
            raise self.in_words(error) from _cause(error)
        if not self.version_tables:
            raise EnvPyRanNothing(str(Path(directory.dir, "env.py")))
        if self.refusal is not None:  # env.py swallowed it
            raise self.refusal

    # -- env.py's calls --------------------------------------------------------------------

    def configure(
        self, context: EnvironmentContext, configure: Callable[..., None], given: dict[str, Any]
    ) -> None:
        connection: Connection | None = given.get("connection")
        if connection is None:
            configure(**given)
            return
        dbapi_connection = connection.connection.dbapi_connection
        if id(dbapi_connection) not in self.checked:
            # Opened before this run began listening, by the import of the team's own modules.
            self.show(dbapi_connection, connection.engine.url.host)
        schema = self.guard.configured(dbapi_connection)  # type: ignore[arg-type]
        if not connection.in_transaction():
            dbapi_connection.rollback()  # type: ignore[union-attr]
        callbacks = given.get("on_version_apply") or ()
        callbacks = (callbacks,) if callable(callbacks) else tuple(callbacks)
        configure(
            **given
            | {
                "transaction_per_migration": True,
                "on_version_apply": (*callbacks, self.version_applied),
            }
        )
        migration = context.get_context()
        self.external_transaction |= migration._in_external_transaction
        table = VersionTable(
            migration.version_table, migration.version_table_schema or schema, self.part()
        )
        self.version_tables.append(table)
        self.observer.configured(table)

    def part(self) -> str:
        """The database that `env.py` is configuring now: they come in the order of the settings."""
        parts = tuple(self.target.urls)
        return parts[min(len(self.version_tables), len(parts) - 1)]

    def run_steps(self, heads: tuple[str, ...], context: MigrationContext) -> Iterator[Any]:
        part = self.version_tables[-1].part
        self.heads_before[part] = tuple(heads)
        for step in self.steps(tuple(heads), context):
            self.step = _step(step, part)
            self.observer.step_begins(self.step)
            yield step
            self.done.append(self.step)
            self.observer.step_committed(self.step)
            self.step = None

    def version_applied(
        self, *, ctx: MigrationContext, step: MigrationInfo, heads: set[str], **_: object
    ) -> None:
        assert self.step is not None
        connection = ctx.connection
        assert connection is not None

        def execute(sql: str, parameters: Mapping[str, object]) -> int:
            self.own_statement = True
            try:
                return connection.execute(text(sql), dict(parameters)).rowcount
            finally:
                self.own_statement = False

        self.step.heads = tuple(sorted(heads))
        self.step.applied = True
        self.observer.step_applied(self.step, execute)

    # -- SQLAlchemy's events ---------------------------------------------------------------

    @contextmanager
    def listening(self) -> Iterator[None]:
        listeners: list[tuple[Any, str, Callable[..., Any]]] = [
            (Engine, "do_connect", self.connecting),
            (Pool, "connect", self.connected),
            (Engine, "before_cursor_execute", self.before_statement),
            (Engine, "after_cursor_execute", self.after_statement),
        ]
        for target, name, listener in listeners:
            event.listen(target, name, listener)
        try:
            yield
        finally:
            for target, name, listener in listeners:
                event.remove(target, name, listener)

    def connecting(
        self, dialect: Dialect, record: Any, cargs: list[Any], cparams: dict[str, Any]
    ) -> Any:
        if dialect.name != "postgresql":
            return None
        host = cparams.get("host")
        if not self.target.redirect:
            if record is not None:
                record.info["lockgate_host"] = host
            return None
        url = self.scratch_url(cparams).with_driver(dialect.driver)
        scratch_args, scratch_parameters = dialect.create_connect_args(make_url(url.render()))
        return dialect.connect(*scratch_args, **scratch_parameters)

    def scratch_url(self, cparams: Mapping[str, Any]) -> DatabaseUrl:
        asked = cparams.get("database", cparams.get("dbname"))
        by_database = {url.database: url for url in self.target.urls.values()}
        # What env.py took from the delivered URL names a scratch database; what it holds itself
        # can only mean the one there is.
        return by_database.get(asked, next(iter(self.target.urls.values())))

    def connected(self, dbapi_connection: Any, record: Any) -> None:
        if not _is_postgres(dbapi_connection):
            return
        self.show(dbapi_connection, record.info.get("lockgate_host"))

    def show(self, dbapi_connection: Any, host: object) -> None:
        self.checked[id(dbapi_connection)] = dbapi_connection
        try:
            self.guard.connected(
                dbapi_connection,
                host=None if host is None else str(host),
                announced_pid=_announced_pid(dbapi_connection),
            )
        except LockgateError as refusal:
            self.refusal = refusal
            raise

    def before_statement(
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
        line = _line_in(self.step.file, sys._getframe(1))
        autocommit = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
        seen = Statement(
            sql=statement,
            parameters=parameters or None,
            revision=self.step.revision,
            direction=self.step.direction,
            file=self.step.file if line is not None else None,
            line=line,
            transactional=not autocommit,
        )
        self.step.statements.append(seen)
        if context is not None:
            context._lockgate_started = time.perf_counter()
        dbapi_connection = connection.connection.dbapi_connection
        self.observer.statement_begins(seen, dbapi_connection)  # type: ignore[arg-type]

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
        if not done.transactional:
            self.step.part_way = True
        self.observer.statement_done(done)

    # -- errors ----------------------------------------------------------------------------

    def in_words(self, error: BaseException) -> BaseException:
        """The error that ends the command for what came out of `env.py`."""
        if self.refusal is not None:
            return self.refusal
        if isinstance(error, LockgateError | KeyboardInterrupt | GeneratorExit):
            return error
        part_way = any(step.part_way for step in (*self.done, self.step) if step is not None)
        part_way = part_way and self.step is not None and self.step.part_way
        if isinstance(error, exc.DBAPIError) and self.step is not None and self.step.statements:
            failed = self.step.statements[-1]
            return StatementFailed(
                revision=failed.revision,
                direction=failed.direction,
                place=f"{Path(failed.file).name}:{failed.line}" if failed.file else "Alembic",
                sqlstate=sqlstate(error),
                reason=_server_words(error),
                sql=failed.sql,
                part_way=part_way,
                record=self.record(),
            )
        if isinstance(error, CommandError):
            return AlembicRefused(_one_line(str(error)))
        where = self.where(error)
        words = _one_line(traceback.format_exception_only(error)[-1])
        return RevisionCodeFailed(
            where=where,
            error=f'"{self.scrubbed(words)}"',
            part_way=part_way,
            record=self.record(),
        )

    def where(self, error: BaseException) -> str:
        """The innermost line of the team's own that the error passed through."""
        root = str(self.project.root.resolve())
        frames = traceback.extract_tb(error.__traceback__)
        own = [
            f for f in frames if f.filename.startswith(root) and "site-packages" not in f.filename
        ]
        if not own:
            return Path(self.project.directory.dir, "env.py").name
        return f"{Path(own[-1].filename).relative_to(root)}:{own[-1].lineno}"

    def scrubbed(self, words: str) -> str:
        for url in self.target.urls.values():
            if url.password:
                words = words.replace(url.password, "***")
        return words


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE in a driver's error, whichever driver it is."""
    original = getattr(error, "orig", error)
    for name in ("sqlstate", "pgcode"):
        value = getattr(original, name, None)
        if isinstance(value, str):
            return value
    return None


def _cause(error: BaseException) -> BaseException | None:
    # A refusal is not caused by the driver's wrapping of it.
    return None if isinstance(error, LockgateError) else error


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


def _is_postgres(dbapi_connection: Any) -> bool:
    return type(dbapi_connection).__module__.partition(".")[0] != "sqlite3"


def _announced_pid(dbapi_connection: Any) -> int | None:
    """The server process that the driver was told of at login, where the driver keeps it."""
    driver_connection = getattr(dbapi_connection, "driver_connection", dbapi_connection)
    if hasattr(driver_connection, "get_server_pid"):  # asyncpg
        return int(driver_connection.get_server_pid())
    native = getattr(driver_connection, "info", None)
    return getattr(native, "backend_pid", None)


def _server_words(error: exc.DBAPIError) -> str:
    original = error.orig
    diagnostics = getattr(original, "diag", None)
    words = getattr(diagnostics, "message_primary", None) or getattr(original, "message", None)
    return _one_line(words or str(original))


def _one_line(words: str) -> str:
    return " ".join(words.split()).rstrip(".")


@contextmanager
def _alembic_hushed() -> Iterator[None]:
    """Drops Alembic's log lines about each revision, which the Observer tells already."""
    logger = logging.getLogger("alembic.runtime.migration")

    def is_trouble(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING

    # A filter, since a fileConfig in env.py resets levels and handlers but not filters.
    logger.addFilter(is_trouble)
    try:
        yield
    finally:
        logger.removeFilter(is_trouble)


@contextmanager
def _sys_path_kept() -> Iterator[None]:
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before
