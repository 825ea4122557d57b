"""`lockgate doctor --adopt`: what was done by hand to a database, put into a revision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lockgate.core.catalog import Change, diff
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import authoring
from lockgate.migrations.authoring import Asking, Proposing, Wish
from lockgate.migrations.composing import plain
from lockgate.workflows.doctor import diagnose
from lockgate.workflows.revision import NewRevision, rehearsed
from lockgate.workflows.scratch import open_scratch
from lockgate.workflows.workspace import Workspace


@dataclass(eq=False)
class NothingToAdopt(LockgateError):
    """A database that has not drifted, or of which nobody can say from what."""

    environment: str
    reason: str

    code: ClassVar[str] = "LG-DOC-17"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Which one, and why."""
        return f'nothing of "{self.environment}" can be adopted: {self.reason}'

    @property
    def hint(self) -> str:
        """What to look at."""
        return f"run `lockgate doctor {self.environment}` to see what is wrong there"


@dataclass(frozen=True)
class Adopted:
    """The revision that was written, and the Changes that no statement makes."""

    new: NewRevision
    left: tuple[Change, ...]


def adopt(workspace: Workspace, environment: str, message: str | None) -> Adopted:
    """Writes a revision that leads from the recorded revision to what the database has.

    It goes on top of the head, which the database has to be at; whether it reaches the database's
    structure is tried on scratch.

    Raises NothingToAdopt.
    """
    (examined, *others) = (
        one
        for one in diagnose(workspace, environment).set_up.databases
        if one.expected is not None or one.problem is not None or not one.part
    )
    authoring.demand_template(workspace.project)
    heads = tuple(workspace.project.directory.get_heads())
    if others:
        raise NothingToAdopt(environment, "it has several databases, and a revision is for all")
    if examined.problem is not None:
        raise NothingToAdopt(environment, examined.problem.message)
    if examined.expected is None or examined.catalog is None or not examined.adopt.statements:
        raise NothingToAdopt(environment, "its structure is that of a revision")
    if heads != examined.heads:
        reason = f"it is at {', '.join(examined.heads)}, and the head is {', '.join(heads)}"
        raise NothingToAdopt(environment, reason)
    major = int(examined.catalog.server.partition(".")[0])
    with (
        open_scratch(workspace, major=major) as scratch,
        scratch.databases() as databases,
    ):
        project = workspace.project
        databases.upgrade(project, heads[0])
        proposing = Proposing(project, Wish(message), (), Asking.NOBODY)
        databases.run(project, proposing.steps, options=proposing.options)
        proposal = proposing.proposal()
        upgrade = [plain(one, schema=proposal.schema) for one in examined.adopt.statements]
        downgrade = [plain(one, schema=proposal.schema) for one in examined.undo.statements]
        authored = authoring.write(proposal, upgrade, downgrade)
        workspace.reopen_project()
        record = databases.upgrade(workspace.project, str(authored.revision))
        (reached,) = databases.catalogs(record.version_tables).values()
    left = tuple(change for change in diff(reached, examined.catalog) if not change.cosmetic)
    return Adopted(rehearsed(workspace, authored, tried=True), left)
