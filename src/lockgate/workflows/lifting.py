"""`lockgate doctor --lift`: a revision that came in below an applied one, put on top and proved."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lockgate.core.rehearsal import Rehearsal
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.branches import with_parent
from lockgate.migrations.revisions import resolving
from lockgate.workflows.rebase import put_back_unless_kept
from lockgate.workflows.rehearse import rehearse
from lockgate.workflows.workspace import Workspace, write_atomically


@dataclass(eq=False)
class NotLiftable(LockgateError):
    """A revision that cannot simply be taken out of its line and put on top of it."""

    revision: str
    reason: str

    code: ClassVar[str] = "LG-DOC-18"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Which one, and why."""
        return f'"{self.revision}" cannot be put on top: {self.reason}'

    @property
    def hint(self) -> str:
        """By hand."""
        return "correct `down_revision` in the files by hand, then run `lockgate rehearse`"


def lift(workspace: Workspace, asked: str) -> Rehearsal:
    """Takes a revision out of its line, puts it on top of the head, and rehearses from there.

    The files are as they were unless the rehearsal went well.

    Raises NotLiftable, RevisionUnresolved, ParentNotRewritable.
    """
    directory = workspace.project.directory
    heads = tuple(directory.get_heads())
    with resolving(asked):
        script = directory.get_revision(asked)
    parent = script.down_revision
    if len(heads) != 1:
        raise NotLiftable(asked, f"there are several heads: {', '.join(sorted(heads))}")
    if not isinstance(parent, str) or len(script.nextrev) != 1:
        raise NotLiftable(asked, "it does not stand between one revision and one other")
    child = directory.get_revision(next(iter(script.nextrev)))
    if child.down_revision != script.revision:
        raise NotLiftable(asked, f"{child.revision} joins it with another one")
    fresh = {
        Path(child.path): with_parent(Path(child.path).read_bytes(), child.path, parent),
        Path(script.path): with_parent(Path(script.path).read_bytes(), script.path, heads[0]),
    }
    with ExitStack() as stack:
        kept = [stack.enter_context(put_back_unless_kept(workspace, path)) for path in fresh]
        for path, source in fresh.items():
            write_atomically(path, source)
        workspace.reopen_project()
        range_ = f"{parent}:{script.revision}"
        rehearsal, lock = rehearse(workspace, range_, environment=None, from_base=True)
        if rehearsal.ok:
            workspace.write_lock(lock)
            for path, keep in zip(fresh, kept, strict=True):
                keep.append(path)
    return rehearsal
