"""The statements that make the models' schema, without running them: a digest tells them apart.

Nothing here has an answer from a database. Where the team's code looks for one, whether it then
minds that there is none or not, what it would do cannot be told, and there is no digest.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from sqlalchemy import MetaData, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.inspection import _inspects
from sqlalchemy.schema import AddConstraint, CreateIndex

PLAIN = (
    type(None),
    bool,
    int,
    float,
    str,
    bytes,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    enum.Enum,
    uuid.UUID,
)
"""Types of parameters whose text says all of them, and the same in each process."""


class Untold(Exception):
    """What would be made cannot be told without a database; the words say why."""


class Record:
    """What was sent so far, and in `untold` why that does not tell all, None where it does."""

    def __init__(self) -> None:
        self.untold: str | None = None
        self._ordered = hashlib.sha256()  # not the texts, which are much in large models
        self._unordered: list[str] = []

    def note(self, *texts: str) -> None:
        """Adds what has its place in the order."""
        for text in texts:
            # Unlike repr, ascii does not depend on which characters this Python calls printable.
            self._ordered.update(f"{text!a}\0".encode())

    def note_unordered(self, kind: str, text: str) -> None:
        """Adds what SQLAlchemy keeps in a set, so that its place among its kind says nothing."""
        self.note(kind)
        self._unordered.append(hashlib.sha256(ascii(text).encode()).hexdigest())

    def note_values(self, values: object) -> None:
        """Adds parameters or options."""
        self.note(self._spelled(values))

    def give_up(self, why: str) -> None:
        """Keeps the first reason for which there is no digest."""
        self.untold = self.untold or why

    def digest(self) -> str:
        """Equal where the same was sent. Raises Untold."""
        if self.untold is not None:
            raise Untold(self.untold)
        both = "\0".join([self._ordered.hexdigest(), *sorted(self._unordered)])
        return hashlib.sha256(both.encode()).hexdigest()

    def _spelled(self, value: object) -> str:
        if isinstance(value, Mapping):
            pairs = [f"{self._spelled(k)}: {self._spelled(v)}" for k, v in value.items()]
            return f"{{{', '.join(sorted(pairs))}}}"
        if isinstance(value, list | tuple):
            return f"[{', '.join(self._spelled(item) for item in value)}]"
        if not isinstance(value, PLAIN):
            self.give_up(f"a value of type {type(value).__name__} is sent")
        return f"{type(value).__name__} {value!a}"


def record_models(
    record: Record, dialect: Dialect, models: Iterable[tuple[MetaData, Iterable[Table]]]
) -> None:
    """Adds what `create_all` sends for each metadata, and its listeners.

    Raises what a listener raises.
    """
    bind = RecordedConnection(dialect, record)
    for metadata, tables in models:
        record.note("metadata")
        metadata.create_all(bind, tables=list(tables), checkfirst=False)


class RecordedConnection(MockConnection):
    """The connection that metadata and its listeners are given."""

    def __init__(self, dialect: Dialect, record: Record) -> None:
        super().__init__(dialect, self.execute)
        self._record = record

    def execute(
        self, statement: Any, parameters: object = None, execution_options: object = None
    ) -> NoAnswer:
        """Records DDL, text, or whatever else can be compiled, which is why it is Any."""
        try:
            compiled = statement.compile(dialect=self.dialect)
        except Exception:
            self._record.give_up("a listener of the models sends what cannot be compiled")
            raise
        if isinstance(statement, CreateIndex | AddConstraint):
            self._record.note_unordered(type(statement).__name__, str(compiled))
        else:
            self._record.note(str(compiled))
            values = [parameters, getattr(compiled, "params", None), execution_options]
            self._record.note_values(values)
        return NoAnswer(self._record)

    def exec_driver_sql(
        self, statement: str, parameters: object = None, execution_options: object = None
    ) -> NoAnswer:
        """Records a string as the driver would be given it."""
        self._record.note(statement)
        self._record.note_values([parameters, execution_options])
        return NoAnswer(self._record)

    def execution_options(self, **options: Any) -> RecordedConnection:
        """Records them, for they may change what the statements after them do."""
        self._record.note_values(options)
        return self

    def __getattr__(self, name: str) -> NoReturn:
        if not name.startswith("__"):
            self._record.give_up(f"a listener of the models uses {name} of its connection")
        raise AttributeError(name)


@_inspects(RecordedConnection)
def _inspected(connection: RecordedConnection) -> NoReturn:
    """What `sa.inspect(connection)` gives a listener that looks before it acts."""
    connection._record.give_up("a listener of the models inspects the database")
    raise Untold(connection._record.untold)


class NoAnswer:
    """The result of what was not executed; whoever looks at it has asked."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def _asked(self, *_: object) -> NoReturn:
        self._record.give_up("a listener of the models asks the database")
        raise Untold(self._record.untold)

    def __getattr__(self, name: str) -> NoReturn:
        self._asked()

    __iter__ = __bool__ = __len__ = __getitem__ = __eq__ = __enter__ = _asked
    __hash__ = None  # type: ignore[assignment]
