"""The statements that a Revision would send, without a server, as `alembic upgrade --sql`.

The revision's function runs against a context that writes SQL down. `env.py` does not run, so that
what it configures, such as a naming convention, is not there. A Revision that reads rows finds
none; one that stops all the same goes on with the operations after that, and the statements that
stand in its text are answered.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from io import StringIO
from types import FrameType, ModuleType
from typing import Any, cast

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script.base import Script
from sqlalchemy import create_mock_engine
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.inspection import _inspects
from sqlalchemy.sql import Executable

from lockgate.core.revision_source import Unread
from lockgate.core.statement import Direction
from lockgate.migrations.process import alembic_hushed
from lockgate.migrations.revision_files import RevisionFileNotLoadable, line_of, run_file


@dataclass(frozen=True, slots=True)
class OfflineStatement:
    """SQL as a Revision would send it; `line` is that of the revision file which asks for it."""

    sql: str
    line: int
    transactional: bool


@dataclass(frozen=True, slots=True)
class Offline:
    """What could be had of one way of a Revision.

    `unread` is None where it is all; else how it is not, `problem` why, and `line` where that
    showed. `parts` is how many databases the statements are for; `inspected` whether it asked
    what there is, and may have gone by names that only the database has.
    """

    statements: tuple[OfflineStatement, ...]
    problem: str | None = None
    line: int | None = None
    unread: Unread | None = None
    parts: int = 1
    inspected: bool = False


def render(script: Script, direction: Direction) -> Offline:
    """The statements of one way of `script`; none where it has no such function.

    Raises RevisionFileUnreadable.
    """
    try:
        module = run_file(script.path)
    except RevisionFileNotLoadable as error:
        written = _written(script.path, direction, {})
        return Offline(written, error.reason, error.line, Unread.NOT_LOADED)
    function = getattr(module, direction.value, None)
    if function is None:
        return Offline(())
    runs = [
        run_offline(call, script.path, direction) for call in _calls(module, function, direction)
    ]
    lacking = next((run for run in runs if run.unread is not None), Offline(()))
    statements = tuple(s for run in runs for s in run.statements)
    inspected = any(run.inspected for run in runs)
    return replace(lacking, statements=statements, parts=len(runs), inspected=inspected)


def _calls(
    module: ModuleType, function: Callable[..., None], direction: Direction
) -> list[Callable[[], None]]:
    """`function`; where it takes the name of a database, as in the multidb template, for each.

    The names are those of the module's functions, such as `upgrade_orders`.
    """
    required = [p for p in signature(function).parameters.values() if p.default is p.empty]
    prefix = f"{direction.value}_"
    names = [name.removeprefix(prefix) for name in vars(module) if name.startswith(prefix)]
    if len(required) != 1 or not names:
        return [function]
    return [partial(function, name) for name in names]


def run_offline(function: Callable[[], None], path: str, direction: Direction) -> Offline:
    """What `function`, which stands in the file `path`, sends."""
    recorder = _Recorder(path)
    try:
        with alembic_hushed(), recorder.operations():
            function()
    except Exception as error:
        names = getattr(function, "__globals__", {})
        reason = f"it stops without a server with {type(error).__name__}"
        line = line_of(error, path)
        recorder.go_on(direction, line or 0, names)
        sent = {statement.line for statement in recorder.statements}
        more = [s for s in _written(path, direction, names) if s.line not in sent]
        found = sorted((*recorder.statements, *more), key=lambda s: s.line)
        return Offline(tuple(found), reason, line, Unread.STOPPED)
    if recorder.asked is None:
        return Offline(tuple(recorder.statements))
    reason = "it asks the database, and was answered as if there were no rows"
    return Offline(
        tuple(recorder.statements),
        reason,
        recorder.asked,
        Unread.ASKED,
        inspected=recorder.inspected,
    )


class _Recorder:
    """Writes down what Alembic's offline mode would print."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.statements: list[OfflineStatement] = []
        self.transactional = True
        self.asked: int | None = None
        self.inspected = False

    @contextmanager
    def operations(self) -> Iterator[None]:
        # PostgreSQL's own form of parameters, which its parser reads; and a % stays as it is.
        make = cast(Callable[..., Dialect], make_url("postgresql://").get_dialect())
        dialect = make(paramstyle="numeric_dollar")
        options = {"as_sql": True, "output_buffer": StringIO(), "transactional_ddl": True}
        context = MigrationContext.configure(dialect=dialect, opts=options)
        context.impl.static_output = self.write  # type: ignore[method-assign]
        context.impl.connection = cast(Connection, _Answering(self, dialect))
        with Operations.context(context):
            yield

    def go_on(self, direction: Direction, line: int, names: Mapping[str, object]) -> None:
        """Writes down the operations after `line` that need nothing of what stopped there."""
        self.transactional = True
        with alembic_hushed(), self.operations():
            for statement in _operations(self.path, direction):
                if statement.lineno > line:
                    code = compile(ast.Module([statement], []), self.path, "exec")
                    with suppress(Exception):
                        exec(code, dict(names))

    def write(self, text: str) -> None:
        sql = text.strip().removesuffix(";").strip()
        if sql in ("COMMIT", "BEGIN"):  # an autocommit_block begins or ends
            self.transactional = sql == "BEGIN"
        elif sql:
            self.statements.append(OfflineStatement(sql, self.line(), self.transactional))

    def line(self) -> int:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != self.path:
            frame = frame.f_back
        return frame.f_lineno if frame is not None else 1


def _operations(path: str, direction: Direction) -> Iterator[ast.stmt]:
    """What calls `op` right in the function, or stands below a `with` that does."""
    for statement in _function(path, direction):
        match statement:
            case (
                ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="op"))))
                | ast.With(
                    items=[
                        ast.withitem(
                            context_expr=ast.Call(func=ast.Attribute(value=ast.Name(id="op")))
                        )
                    ]
                )
            ):
                yield statement


def _function(path: str, direction: Direction) -> list[ast.stmt]:
    with open(path, "rb") as file:
        tree = ast.parse(file.read())
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name == direction.value:
            return function.body
    return []


def _written(
    path: str, direction: Direction, names: Mapping[str, object]
) -> tuple[OfflineStatement, ...]:
    """The strings that the function gives to something called `execute` or `text`.

    `names` are those of the module, for strings that stand there.
    """
    found = []
    for statement in _function(path, direction):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                sql = _string(node, names)
                found += [OfflineStatement(sql, node.lineno, True)] if sql else []
    return tuple(sorted(found, key=lambda s: s.line))


def _string(node: ast.Call, names: Mapping[str, object]) -> str | None:
    match node:
        case ast.Call(func=ast.Attribute(attr="execute"), args=[argument, *_]):
            pass
        case _:
            return None
    while isinstance(argument, ast.Call) and argument.args:  # sa.text("...")
        argument = argument.args[0]
    match argument:
        case ast.Constant(value=str(sql)):
            return sql
        case ast.Name(id=name) if isinstance(names.get(name), str):
            return str(names[name])
    return None


class _Answering:
    """A connection, as far as revisions use one, of a database without rows.

    What it is asked is written down, so that a Revision that reads rows to change them shows
    what it would send, but for what it does with each row.
    """

    def __init__(self, recorder: _Recorder, dialect: Dialect) -> None:
        self.recorder = recorder
        self.dialect = dialect
        self.engine = self
        self.dialect_url = "postgresql://"
        self.name = dialect.name

    def execute(self, statement: object, *_: object, **__: object) -> _NoRows:
        """Writes a statement down."""
        compile_ = getattr(statement, "compile", None)
        self.recorder.write(str(compile_(dialect=self.dialect)) if compile_ else str(statement))
        self.recorder.asked = self.recorder.asked or self.recorder.line()
        return _NoRows()

    exec_driver_sql = execute

    def _run_ddl_visitor(self, visitor: object, element: object, **options: object) -> None:
        """What SQLAlchemy calls to make or drop a type, as it does before a table with an Enum."""

        def write(ddl: Executable, *_: object, **__: object) -> None:
            self.recorder.write(str(ddl.compile(dialect=self.dialect)))  # type: ignore[attr-defined]

        mock: Any = create_mock_engine(self.dialect_url, write)  # Any: the method is internal
        mock._run_ddl_visitor(visitor, element, **options)

    def scalar(self, statement: object, *_: object) -> None:
        """Writes a statement down, and has no answer."""
        self.execute(statement)

    scalars = execute


class _NoTables:
    """What SQLAlchemy's inspection says of a database that has nothing."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: False if name.startswith("has_") else []


@_inspects(_Answering)
def _inspected(connection: _Answering) -> _NoTables:
    """What `sa.inspect(op.get_bind())` gives a Revision that looks before it acts."""
    connection.recorder.asked = connection.recorder.asked or connection.recorder.line()
    connection.recorder.inspected = True
    return _NoTables()


class _NoRows:
    """The result of a query that found nothing."""

    rowcount = 0

    def __iter__(self) -> Iterator[object]:
        return iter(())

    def fetchall(self, *_: object) -> list[object]:
        """No rows."""
        return []

    all = fetchmany = partitions = fetchall

    def fetchone(self) -> None:
        """No row."""

    first = scalar = one_or_none = scalar_one_or_none = fetchone

    def mappings(self, *_: object) -> _NoRows:
        """The same, for no rows are the same in every form."""
        return self

    scalars = mappings
