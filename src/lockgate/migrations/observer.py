"""Who looks on while the team's `env.py` runs: the Guard, who may refuse, and the Observer.

Answers what each of them is told, and when. Running `env.py` is `driver`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lockgate.core.outcome import Step
from lockgate.core.statement import Statement
from lockgate.migrations.failures import VersionTable

Execute = Callable[[str, Mapping[str, object]], int]
"""Runs SQL with `:name` parameters in the transaction that is open; answers the rows touched."""


class DbapiConnection(Protocol):
    """What every DBAPI connection can do."""

    def cursor(self) -> Any:  # Any: the driver's own cursor class
        """A new cursor."""

    def commit(self) -> None:
        """Ends the transaction."""

    def rollback(self) -> None:
        """Ends the transaction and undoes it."""


class Guard(Protocol):
    """Sees each new connection first, and may refuse it by raising."""

    def connected(
        self, connection: DbapiConnection, *, host: str | None, announced_pid: int | None
    ) -> None:
        """Checks identity and sets the session up; the connection is in no transaction."""

    def configured(self, connection: DbapiConnection) -> str | None:
        """Checks what `env.py` may have changed on the connection since; answers its schema."""


@dataclass(frozen=True, slots=True)
class Session:
    """A connection of the team's, with a way to run SQL on it that no Observer is told of."""

    connection: DbapiConnection
    execute: Execute


class Observer:
    """Told of each revision and statement as it happens; does nothing unless overridden.

    A LockgateError raised here ends the run, even if `env.py` or the revision catches it.
    """

    def configured(self, table: VersionTable) -> None:
        """Once `env.py` has said where its version table is."""

    def before_steps(self, sql: str, parameters: object, *, by_alembic: bool) -> str | None:
        """Before a statement ahead of the first revision, of `env.py`'s own or Alembic's.

        Answers other SQL, without parameters, to send instead.
        """
        return None

    def step_begins(self, step: Step) -> None:
        """Before a revision's function is called, outside its transaction."""

    def statement_begins(self, statement: Statement, session: Session) -> str | None:
        """Before a statement is sent; answers other SQL, without parameters, to send instead."""
        return None

    def statement_done(self, statement: Statement, session: Session) -> None:
        """After a statement that was sent as it is, with its duration."""

    def committing(self, session: Session) -> None:
        """Before a commit in the middle of a revision: what was done so far will last."""

    def rolled_back(self, session: Session) -> None:
        """Before a rollback in the middle of a revision."""

    def step_applied(self, step: Step, execute: Execute) -> None:
        """After the version table was updated, still inside the revision's transaction."""

    def step_committed(self, step: Step) -> None:
        """After the revision's transaction, before the next step or the end of the run."""
