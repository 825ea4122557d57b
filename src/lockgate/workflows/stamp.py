"""`lockgate stamp`: sets the version table without running anything, and keeps an account of it."""

from __future__ import annotations

from lockgate.core.environment import Role
from lockgate.core.outcome import Outcome
from lockgate.migrations import steps
from lockgate.migrations.revisions import resolving
from lockgate.workflows.applied import note_applied
from lockgate.workflows.destination import Destination, find_destination
from lockgate.workflows.environments import Confirm
from lockgate.workflows.locate import locate
from lockgate.workflows.running import run
from lockgate.workflows.workspace import Workspace


def stamp(
    workspace: Workspace,
    environment: str | None,
    revisions: tuple[str, ...],
    *,
    purge: bool,
    tag: str | None,
    confirm: Confirm,
) -> tuple[Destination, Outcome]:
    """Writes `revisions` into the version table of the Environment, and proves that they stand.

    Production's only where its structure is exactly that of the revision, and `confirm` lets
    it pass: its version follows its schema.
    """
    destination = find_destination(workspace, environment)
    if destination.environment is not None and destination.environment.role is Role.PRODUCTION:
        if not _is_proved(workspace, destination.name, revisions):
            destination.refuse_roles(
                "stamp",
                Role.PRODUCTION,
                remedy=f"run `lockgate doctor {destination.name}`: "
                "a stamp there has to be proved by the structure",
            )
        confirm(destination.name, f"stamp {destination.name} with {', '.join(revisions)}")
    outcome = run(
        destination,
        steps.stamp(workspace.project.directory, revisions),
        action="stamp",
        options={"destination_rev": revisions, "tag": tag, "purge": purge},
    )
    note_applied(destination, outcome)
    return destination, outcome


def _is_proved(workspace: Workspace, environment: str, revisions: tuple[str, ...]) -> bool:
    """Whether the structure is exactly that of what is to be recorded."""
    with resolving(", ".join(revisions)):
        wanted = {one.revision for one in workspace.project.directory.get_revisions(revisions)}
    located = locate(workspace, environment)
    return wanted == set(located.together) or (len(wanted) == 1 and wanted <= set(located.exact))
