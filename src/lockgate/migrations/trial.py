"""Runs the parts of a revision that is still to be written, one by one, on a scratch database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import sqlalchemy
from alembic import op
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op
from alembic.runtime.migration import MigrationContext
from mako.pygen import PythonPrinter
from sqlalchemy.exc import DBAPIError

from lockgate.migrations.composing import Item, in_tables, plain
from lockgate.migrations.driver import Steps
from lockgate.migrations.failures import server_words
from lockgate.migrations.rendering import StatementOp


@dataclass(frozen=True, slots=True)
class Refused:
    """A statement that the server does not take, and its words."""

    sql: str
    reason: str


class Trial:
    """Steps of a run that execute items as they would stand in a file.

    An operation that fails gives way to the statements that it stands for. `items` are what went
    through, `refused` what did not.
    """

    def __init__(self, items: Sequence[Item], rendering: AutogenContext, *, schema: str) -> None:
        self.asked = tuple(items)
        self.rendering = rendering
        self.schema = schema
        self.items: list[Item] = []
        self.refused: list[Refused] = []

    @property
    def steps(self) -> Steps:
        """For `drive`."""
        return self._run

    def _run(self, _: tuple[str, ...], context: MigrationContext) -> Sequence[Any]:
        for item in self.asked:
            error = self._try(item, context)
            if error is None:
                continue
            if isinstance(item.operation, StatementOp):
                self.refused.append(Refused(item.operation.sql, error))
                continue
            for statement in item.statements:
                instead = plain(statement, schema=self.schema)
                if reason := self._try(instead, context):
                    self.refused.append(Refused(statement.sql, reason))
        return ()

    def _try(self, item: Item, context: MigrationContext) -> str | None:
        """Runs `item` and keeps it; the server's words where it refuses."""
        connection = context.connection
        assert connection is not None
        outside = isinstance(item.operation, StatementOp) and item.operation.outside
        try:
            with context.begin_transaction(_per_migration=True):
                if outside:
                    self._execute(item)
                else:
                    with connection.begin_nested():
                        self._execute(item)
        except DBAPIError as error:
            return server_words(error)
        self.items.append(item)
        return None

    def _execute(self, item: Item) -> None:
        """As the file would: rendered, and that executed."""
        (operation,) = in_tables([item])
        code = _indented(render_op(self.rendering, operation))
        names: dict[str, Any] = {"sa": sqlalchemy, "op": op}
        try:
            exec("\n".join(sorted(self.rendering.imports)), names)
            compiled = compile(code, "<revision>", "exec")
            exec(compiled, names)
        except (NameError, AttributeError, ImportError):
            # The template imports what the team's own types need.
            op.invoke(item.operation)


def _indented(lines: Sequence[str]) -> str:
    """`lines` as Alembic writes them into a file: in batch mode, below their `with`."""
    written = StringIO()
    printer = PythonPrinter(written)
    for line in lines:
        printer.writeline(line)
    return written.getvalue()
