"""`lockgate history`, `heads` and `current`: Alembic's answers, with identity checked."""

from __future__ import annotations

from dataclasses import dataclass

from lockgate.core.revisions import RevisionSummary
from lockgate.migrations import revisions, steps
from lockgate.migrations.driver import RunRecord, drive
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


def history(
    workspace: Workspace,
    range_: str | None,
    *,
    environment: str | None,
    indicate_current: bool,
) -> tuple[RevisionSummary, ...]:
    """Revisions of a range, newest first; asks the database only where the answer needs it."""
    recorded: tuple[str, ...] = ()
    if indicate_current or revisions.asks_for_current(range_):
        recorded = current(workspace, environment).recorded
    return revisions.history(workspace.project.directory, range_, recorded)


def heads(workspace: Workspace, *, resolve_dependencies: bool) -> tuple[RevisionSummary, ...]:
    """Revisions that nothing follows."""
    directory = workspace.project.directory
    return revisions.heads(directory, resolve_dependencies=resolve_dependencies)


def ask(destination: Destination, *, purpose: str) -> tuple[RunRecord, ReadingGuard]:
    """What a run of `env.py` finds that runs no revision and changes nothing."""
    guard = ReadingGuard(destination, purpose=purpose)
    record = drive(
        destination.workspace.project,
        steps.nothing,
        target=destination.target(),
        guard=guard,
        options={"dont_mutate": True},
    )
    return record, guard
