"""`lockgate history` and `heads`: Alembic's answers, from the revision files.

Neither needs a database, unless `history` is asked where one stands; `listing` answers that.
"""

from __future__ import annotations

from lockgate.core.revisions import RevisionSummary
from lockgate.migrations import revisions
from lockgate.workflows.workspace import Workspace


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
        from lockgate.workflows.listing import current  # with everything that reaches a database

        recorded = current(workspace, environment).recorded
    return revisions.history(workspace.project.directory, range_, recorded)


def heads(workspace: Workspace, *, resolve_dependencies: bool) -> tuple[RevisionSummary, ...]:
    """Revisions that nothing follows."""
    directory = workspace.project.directory
    return revisions.heads(directory, resolve_dependencies=resolve_dependencies)
