"""`lockgate upgrade`: revisions up to a target, on development and staging."""

from __future__ import annotations

from lockgate.core.environment import Role
from lockgate.core.outcome import Outcome
from lockgate.migrations import steps
from lockgate.workflows.applied import note_applied
from lockgate.workflows.destination import Destination, find_destination
from lockgate.workflows.running import run
from lockgate.workflows.workspace import Workspace


def upgrade(
    workspace: Workspace, environment: str | None, revision: str, *, tag: str | None
) -> tuple[Destination, Outcome]:
    """Runs the revisions up to `revision` on the Environment, and proves where it is then."""
    destination = find_destination(workspace, environment)
    destination.refuse_roles(
        "upgrade",
        Role.PRODUCTION,
        remedy=f"run `lockgate deploy {destination.name}`, which plans, gates and proves it",
    )
    outcome = run(
        destination,
        steps.upgrade(workspace.project.directory, revision),
        action="upgrade",
        options={"destination_rev": revision, "tag": tag},
    )
    note_applied(destination, outcome)
    return destination, outcome
