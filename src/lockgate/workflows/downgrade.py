"""`lockgate downgrade`: revisions down to a target, on development and staging."""

from __future__ import annotations

from lockgate.core.environment import Role
from lockgate.core.outcome import Outcome
from lockgate.migrations import steps
from lockgate.workflows.applied import note_applied
from lockgate.workflows.destination import Destination, find_destination
from lockgate.workflows.running import run
from lockgate.workflows.workspace import Workspace


def downgrade(
    workspace: Workspace, environment: str | None, revision: str, *, tag: str | None
) -> tuple[Destination, Outcome]:
    """Runs the downgrades to `revision` on the Environment, and proves where it is then."""
    destination = find_destination(workspace, environment)
    destination.refuse_roles(
        "downgrade",
        Role.PRODUCTION,
        remedy="write a revision that undoes the change, and deploy it with "
        f"`lockgate deploy {destination.name}`",
    )
    outcome = run(
        destination,
        steps.downgrade(workspace.project.directory, revision),
        action="downgrade",
        options={"destination_rev": revision, "tag": tag},
    )
    note_applied(destination, outcome)
    return destination, outcome
