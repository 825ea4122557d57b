"""Which revision files were changed after they ran or were rehearsed, and where they ran."""

from __future__ import annotations

from collections.abc import Mapping

from lockgate.core.lockfile import Drift, compare
from lockgate.errors import LockgateError
from lockgate.migrations.revisions import read_revision_files
from lockgate.migrations.steps import pending
from lockgate.postgres import ledger
from lockgate.workflows.applied import revisions_run
from lockgate.workflows.destination import Destination, connected_to_read
from lockgate.workflows.workspace import Workspace


def edited_files(
    workspace: Workspace, destination: Destination | None = None
) -> Mapping[str, str | None]:
    """The edited Revisions, each with the database that has it in its old form; None if unknown.

    Databases are `destination`, by its Ledger, and those that the lock file says were taken to
    a Revision.
    """
    files = read_revision_files(workspace.project.directory)
    found: dict[str, str | None] = {
        difference.revision: _locked_at(workspace, difference.revision)
        for difference in compare(workspace.lock, files)
        if difference.drift is Drift.EDITED
    }
    if destination is not None:
        ran = _ran(destination)
        found |= {
            file.revision: destination.name
            for file in files
            if ran.get(file.revision) not in (None, file.syntax)
        }
    return found


def _locked_at(workspace: Workspace, revision: str) -> str | None:
    """The Environment of the lock file that has a Revision."""
    directory = workspace.project.directory
    for locked in workspace.lock.environments:
        try:
            left = {script.revision for script in pending(directory, "heads", locked.applied)}
        except LockgateError:
            continue  # it is at a revision of another branch
        if locked.applied and revision not in left:
            return locked.name
    return None


def _ran(destination: Destination) -> Mapping[str, str | None]:
    first = next(iter(destination.urls))
    with connected_to_read(destination, first, purpose="ledger") as connection:
        rows, _end = ledger.read_ledger(connection)
    return revisions_run(rows)
