"""`lockgate stamp`: sets the version table without running anything, and keeps an account of it."""

from __future__ import annotations

from lockgate.core.environment import Role
from lockgate.core.outcome import Outcome
from lockgate.migrations import steps
from lockgate.workflows.applied import note_applied
from lockgate.workflows.destination import Destination, find_destination
from lockgate.workflows.running import run
from lockgate.workflows.workspace import Workspace


def stamp(
    workspace: Workspace,
    environment: str | None,
    revisions: tuple[str, ...],
    *,
    purge: bool,
    tag: str | None,
) -> tuple[Destination, Outcome]:
    """Writes `revisions` into the version table of the Environment, and proves that they stand."""
    destination = find_destination(workspace, environment)
    destination.refuse_roles(
        "stamp",
        Role.PRODUCTION,
        remedy=f"run `lockgate deploy {destination.name}`: production's version follows its schema",
    )
    outcome = run(
        destination,
        steps.stamp(workspace.project.directory, revisions),
        action="stamp",
        options={"destination_rev": revisions, "tag": tag, "purge": purge},
    )
    note_applied(destination, outcome)
    return destination, outcome
