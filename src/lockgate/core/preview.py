"""What revisions send to the server, as they really did on scratch."""

from __future__ import annotations

from dataclasses import dataclass

from lockgate.core.catalog import Change
from lockgate.core.effect import StatementEffects
from lockgate.core.environment import PRIMARY
from lockgate.core.filled import Filled
from lockgate.core.finding import Finding
from lockgate.core.forecast import Forecast
from lockgate.core.statement import Direction, Statement


@dataclass(frozen=True, slots=True)
class PreviewedStatement:
    """A Statement with its parameters written in, as a person could run it.

    `forecast` is what it would cost on the database that was named, None without one. `effects`
    is what it did on scratch, `disagreements` where that was predicted otherwise. `part` is the
    database that it ran on.
    """

    statement: Statement
    sql: str
    forecast: Forecast | None = None
    effects: StatementEffects | None = None
    disagreements: tuple[str, ...] = ()
    part: str = PRIMARY

    @property
    def failed(self) -> bool:
        """Whether it was sent, and the server refused it."""
        return self.statement.milliseconds is None

    @property
    def is_up(self) -> bool:
        """Whether a revision sent it on its way up."""
        return self.statement.direction is Direction.UP


@dataclass(frozen=True, slots=True)
class PreviewedRevision:
    """The statements of one Revision, up and down, in the order in which they were sent.

    `down` is empty where the way back was not asked for or does not exist; `down_error` says so.
    `findings` are what the rules say; their `statement` is a place in `up`, None for the others.
    """

    revision: str
    message: str
    file: str
    up: tuple[PreviewedStatement, ...]
    down: tuple[PreviewedStatement, ...] = ()
    down_error: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """A range of Revisions from one state to another.

    `fingerprint_before` and `fingerprint_after` are of the structure on scratch, `changes` lead
    from the one to the other; `server` is the scratch server's version. `beforehand` are the
    statements that `env.py` and Alembic send ahead of the first Revision: a search_path, a schema,
    the version table where there is none. `filled` is what came of the rows that were made up, for
    each database.
    """

    server: str
    start: str
    heads_before: tuple[str, ...]
    heads_after: tuple[str, ...]
    revisions: tuple[PreviewedRevision, ...]
    fingerprint_before: str
    fingerprint_after: str
    changes: tuple[Change, ...]
    error: str | None = None
    beforehand: tuple[str, ...] = ()
    filled: tuple[Filled, ...] = ()
