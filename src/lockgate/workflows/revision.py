"""`lockgate revision` and `merge`: a new revision file, rehearsed as soon as it is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from lockgate.core.environment import Role
from lockgate.core.rehearsal import Rehearsal
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import authoring
from lockgate.migrations.authoring import Authored, Wish
from lockgate.migrations.steps import pending
from lockgate.workflows.completing import Answers, Completed, complete_revision
from lockgate.workflows.destination import Destination, find_destination
from lockgate.workflows.listing import ask
from lockgate.workflows.rehearse import rehearse
from lockgate.workflows.scratch import open_scratch
from lockgate.workflows.workspace import Workspace

__all__ = ["Answers", "NewRevision", "Wish", "merge", "revision"]


@dataclass(eq=False)
class NotAtHead(LockgateError):
    """The database is behind the revisions, so what the models lack cannot be told from them."""

    environment: str
    pending: tuple[str, ...]

    code: ClassVar[str] = "LG-NEW-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Which revisions are pending."""
        return f'"{self.environment}" is not at head; pending: {", ".join(self.pending)}'

    @property
    def hint(self) -> str:
        """Run them first."""
        return f"run `lockgate upgrade --env {self.environment}`, then this command again"


@dataclass(eq=False)
class SeveralHeads(LockgateError):
    """Two branches of revisions; a new one would have to choose."""

    heads: tuple[str, ...]

    code: ClassVar[str] = "LG-NEW-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """The heads."""
        return f"there are {len(self.heads)} heads: {', '.join(self.heads)}"

    @property
    def hint(self) -> str:
        """Merge, or name one."""
        return (
            f"run `lockgate merge {' '.join(self.heads)} -m MESSAGE`, or name the branch with "
            "--head BRANCH@head"
        )


@dataclass(frozen=True, slots=True)
class NewRevision:
    """A revision that was written, the text of its file, and its rehearsal.

    `completed` says what was added to what autogenerate saw, and how far the file leads; None
    for a file that nothing was added to.
    """

    authored: Authored
    text: str | None = None
    rehearsal: Rehearsal | None = None
    completed: Completed | None = None

    @property
    def ok(self) -> bool:
        """Whether it was rehearsed well, if at all, and leads to the models and back."""
        led = self.completed is None or not (self.completed.left or self.completed.not_restored)
        return led and (self.rehearsal is None or self.rehearsal.ok)


def revision(
    workspace: Workspace,
    environment: str | None,
    wish: Wish,
    *,
    empty: bool,
    answers: Answers | None = None,
) -> NewRevision:
    """Writes the revision that leads from the revisions to the models; rehearses it.

    Raises RoleForbids, NotAtHead, SeveralHeads, RenamesUndeclared.
    """
    destination = find_destination(workspace, environment)
    destination.refuse_roles(
        "revision",
        Role.PRODUCTION,
        Role.STAGING,
        remedy="run it with --env and a development environment",
    )
    project = workspace.project
    if wish.head == "head" and len(heads := tuple(sorted(project.directory.get_heads()))) > 1:
        raise SeveralHeads(heads)
    authoring.demand_template(project)
    if not empty:
        _refuse_behind(destination, wish)
    if not empty:
        with open_scratch(workspace, parts=workspace.settings.parts) as scratch:
            completed = complete_revision(workspace, scratch, wish, answers or Answers())
        if completed is not None:
            done = rehearsed(workspace, completed.authored, tried=True)
            return replace(done, completed=completed)
    guard = destination.guard(purpose=f"revision {destination.name}")
    author = authoring.empty if empty else authoring.autogenerate
    workspace.progress.working("comparing the models with the database")
    authored = author(project, wish, target=destination.target(), guard=guard)
    return rehearsed(workspace, authored, tried=not empty)


def merge(workspace: Workspace, revisions: tuple[str, ...], wish: Wish) -> NewRevision:
    """Writes the revision that joins `revisions` and rehearses it.

    In the middle of a git merge that resolves the conflict in the lock file.
    """
    workspace.mend_lock()  # a lock file beyond mending is said before anything is written
    authored = authoring.merge(workspace.project, revisions, wish)
    return rehearsed(workspace, authored, tried=True)


def _refuse_behind(destination: Destination, wish: Wish) -> None:
    record, _ = ask(destination, purpose="revision")
    directory = destination.workspace.project.directory
    for heads in record.heads_before.values():
        target = "heads" if wish.head == "head" else wish.head
        if missing := pending(directory, target, heads):
            raise NotAtHead(destination.name, tuple(script.revision for script in missing))


def rehearsed(workspace: Workspace, authored: Authored, *, tried: bool) -> NewRevision:
    """`authored` with its text and, with `tried`, its rehearsal, which the lock file keeps."""
    if authored.path is None:
        return NewRevision(authored)
    text = Path(authored.path).read_text(encoding="utf-8")
    if not tried:
        return NewRevision(authored, text)
    workspace.reopen_project()
    script = workspace.project.directory.get_revision(str(authored.revision))
    parent = script.down_revision
    range_ = f"{parent if isinstance(parent, str) else 'base'}:{script.revision}"
    rehearsal, lock = rehearse(workspace, range_, environment=None, from_base=True)
    workspace.write_lock(lock)
    return NewRevision(authored, text, rehearsal)
