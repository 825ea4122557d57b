"""`lockgate current`, and asking a database where it stands without changing it."""

from __future__ import annotations

from dataclasses import dataclass

from lockgate.core.revisions import RevisionSummary
from lockgate.migrations import revisions, steps
from lockgate.migrations.driver import Observer, RunRecord, drive
from lockgate.workflows.destination import Destination, ReadingGuard, find_readable
from lockgate.workflows.workspace import Workspace


@dataclass(frozen=True, slots=True)
class CurrentRevisions:
    """Where a database is.

    `recorded` is what its version table names; `summaries` are those Revisions and the ones they
    depend on. `environment` is None where the database has no mark.
    """

    environment: str | None
    recorded: tuple[str, ...]
    summaries: tuple[RevisionSummary, ...]
    at_heads: bool
    unmarked: bool


def current(workspace: Workspace, environment: str | None) -> CurrentRevisions:
    """The revisions that the database is at, read through the team's own `env.py`."""
    record, guard = ask(find_readable(workspace, environment), purpose="current")
    recorded = tuple(sorted({head for heads in record.heads_before.values() for head in heads}))
    directory = workspace.project.directory
    return CurrentRevisions(
        environment=None if guard.unmarked or not guard.environment else guard.environment.name,
        recorded=recorded,
        summaries=revisions.current(directory, recorded),
        at_heads=revisions.is_at_heads(directory, recorded),
        unmarked=guard.unmarked,
    )


class _MakesNothing(Observer):
    """Keeps an `env.py` that makes its schema where it is missing from doing so."""

    def before_steps(self, sql: str, parameters: object, *, by_alembic: bool) -> str | None:
        """Sends a statement that does nothing in place of a CREATE ... IF NOT EXISTS.

        The session is read-only, and PostgreSQL would refuse it even where it has nothing to do.
        """
        from lockgate.core.sql import creates_if_missing  # the parser, which few projects need

        return "SELECT" if creates_if_missing(sql) else None


def ask(destination: Destination, *, purpose: str) -> tuple[RunRecord, ReadingGuard]:
    """What a run of `env.py` finds that runs no revision and changes nothing."""
    guard = ReadingGuard(destination, purpose=purpose)
    record = drive(
        destination.workspace.project,
        steps.nothing,
        target=destination.target(),
        guard=guard,
        observer=_MakesNothing(),
        options={"dont_mutate": True},
    )
    return record, guard
