"""`lockgate merge --rebase`: one branch of revisions put on top of the other, and proved.

Only a branch that is applied nowhere may move: its lowest revision gets another parent, and a
database that has it already would be at a history that no longer is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from lockgate.core.lockfile import LockFile
from lockgate.core.rebase import Branch, Rebase
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import revisions
from lockgate.migrations.branches import BranchNotMovable, find_branch, with_parent
from lockgate.migrations.project import AlembicProject
from lockgate.workflows.applied import ran_there
from lockgate.workflows.destination import of_environment
from lockgate.workflows.listing import ask
from lockgate.workflows.rehearse import rehearse
from lockgate.workflows.workspace import Workspace, git, write_atomically


@dataclass(eq=False)
class NothingToRebase(LockgateError):
    """There are no two heads, so there is nothing to put on top of the other."""

    heads: tuple[str, ...]

    code: ClassVar[str] = "LG-MRG-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """The one head."""
        return f"there are no two heads to put in line, only: {', '.join(self.heads) or 'none'}"

    @property
    def hint(self) -> str:
        """Where the second one may be."""
        return "merge or pull the other branch in git first, or run `lockgate rehearse`"


@dataclass(eq=False)
class RebaseUnclear(LockgateError):
    """Which branch goes on top of which is for a person to say."""

    heads: tuple[str, ...]

    code: ClassVar[str] = "LG-MRG-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """The heads."""
        return f"which of the heads goes on top is not clear: {', '.join(self.heads)}"

    @property
    def hint(self) -> str:
        """How it is said."""
        first, second = (*self.heads, "ONE", "OTHER")[:2]
        return f"name both, the one on top first: `lockgate merge --rebase {second} {first}`"


@dataclass(eq=False)
class BranchApplied(LockgateError):
    """The branch that would move is applied somewhere, or may be."""

    head: str
    onto: str
    reason: str

    code: ClassVar[str] = "LG-MRG-5"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Where."""
        return f'"{self.head}" cannot move on top of "{self.onto}": {self.reason}'

    @property
    def hint(self) -> str:
        """What joins the branches without moving anything."""
        return (
            f"run `lockgate merge {self.onto} {self.head} -m MESSAGE`, which moves nothing, "
            "or downgrade it there first"
        )


@dataclass(frozen=True, slots=True)
class _Applied:
    """Where Revisions are applied: the Environments, and those that could not be asked."""

    heads: dict[str, tuple[str, ...]]  # of what each has, the uppermost and what its Ledger ran
    not_asked: tuple[tuple[str, str], ...]
    unknown: dict[str, str]  # Environments at a revision that no file here has

    def hinders(self, branch: Branch) -> str | None:
        """Why `branch` may not move."""
        for name, heads in self.heads.items():
            if has := [revision for revision in branch.revisions if revision in heads]:
                return f"{has[-1]} is applied on {name}"
        for name, revision in self.unknown.items():
            return (
                f"{name} is at {revision}, of which there is no file here, so nobody can say "
                "what is applied there (`lockgate locate` may find it)"
            )
        return None


def rebase(workspace: Workspace, asked: tuple[str, ...]) -> Rebase:
    """Puts the first of `asked` on top of the second and rehearses it there.

    Without names it is the branch that is applied nowhere; of two such the one that is not on
    git's main branch yet; and if neither or both are, the one that came into git later.
    Also in the middle of a git merge, whose conflict in the lock file it resolves.

    Raises NothingToRebase, RebaseUnclear, BranchApplied, BranchNotMovable, ParentNotRewritable.
    """
    asked = () if asked == ("heads",) else asked
    sides = workspace.mend_lock()
    head, onto = _heads(workspace, asked)
    workspace.progress.working("asking the environments what is applied")
    applied = _ask_all(workspace, sides)
    branch, onto, why = _choose(workspace, head, onto, applied, free=not asked)
    fresh = with_parent(branch.path.read_bytes(), str(branch.path), onto)
    majors = _majors(workspace.lock, (*branch.revisions, onto))
    with put_back_unless_kept(workspace, branch.path) as keep:
        write_atomically(branch.path, fresh)
        workspace.reopen_project()
        rehearsal, lock = rehearse(
            workspace, f"{onto}:{branch.head}", environment=None, from_base=True
        )
        if rehearsal.ok:
            workspace.write_lock(_only_proved(lock, branch, rehearsal.major))
            keep.append(branch.path)
    return Rebase(
        branch,
        onto,
        why,
        rehearsal,
        done=rehearsal.ok,
        not_asked=applied.not_asked,
        other_majors=tuple(major for major in majors if major != rehearsal.major),
        resolved=workspace.settings.lock_path if rehearsal.ok and len(sides) > 1 else None,
    )


def _heads(workspace: Workspace, asked: tuple[str, ...]) -> tuple[str, str]:
    """The head to move and the one that stays; the other way round is open without names."""
    directory = workspace.project.directory
    heads = tuple(sorted(directory.get_heads()))
    if len(heads) < 2:
        raise NothingToRebase(heads)
    named = tuple(found.revision for one in asked for found in revisions.show(directory, one))
    for revision in named:
        if revision not in heads:
            others = [head for head in heads if head != revision]
            raise BranchNotMovable(named[0], (*named[1:], *others)[0], f"{revision} is no head")
    left = tuple(head for head in heads if head not in named)
    if len(named) == 2 and named[0] != named[1]:
        return named[0], named[1]
    if len(named) > 1 or len(left) > 2 - len(named):
        raise RebaseUnclear(heads)
    return (*named, *left)[0], (*named, *left)[1]


def _choose(
    workspace: Workspace, head: str, onto: str, applied: _Applied, *, free: bool
) -> tuple[Branch, str, str]:
    """The branch that moves, what it goes on top of, and why it is that one."""
    project = workspace.project
    ways = [_Way(project, head, onto, applied)]
    if free:
        ways.append(_Way(project, onto, head, applied))
    open_ways = [way for way in ways if way.hindrance is None]
    if not open_ways:
        raise ways[0].refusal()
    if len(open_ways) == 1:
        (way,) = open_ways
        hindered = next((other for other in ways if other is not way), None)
        return way.take("as asked for" if hindered is None else str(hindered.hindrance))
    first, second = open_ways
    for mainline in _mainlines(workspace):
        there, other_there = first.is_on(mainline), second.is_on(mainline)
        if there != other_there:
            moves, stays = (second, first) if there else (first, second)
            return moves.take(f"{stays.head} is on {mainline} already")
    came, other_came = first.came(), second.came()
    if came == other_came:
        raise RebaseUnclear(tuple(sorted((onto, head))))
    later, earlier = (first, second) if came > other_came else (second, first)
    return later.take(f"{later.head} came into git later than {earlier.head}")


class _Way:
    """One head put on top of another, and what hinders it."""

    def __init__(self, project: AlembicProject, head: str, onto: str, applied: _Applied) -> None:
        self.head = head
        self.onto = onto
        self.branch: Branch | None = None
        self.hindrance: str | None
        try:
            self.branch = find_branch(project.directory, head, onto)
            self.hindrance = applied.hinders(self.branch)
        except BranchNotMovable as error:
            self.hindrance = error.reason

    def refusal(self) -> LockgateError:
        """The error that says what hinders it."""
        kind = BranchNotMovable if self.branch is None else BranchApplied
        return kind(self.head, self.onto, str(self.hindrance))

    def take(self, why: str) -> tuple[Branch, str, str]:
        """The branch, what it goes on top of, and `why`."""
        assert self.branch is not None
        return self.branch, self.onto, why

    def is_on(self, mainline: str) -> bool:
        """Whether its lowest revision's file is on that branch of git."""
        assert self.branch is not None
        path = self.branch.path
        return git(path.parent, "cat-file", "-e", f"{mainline}:./{path.name}") is not None

    def came(self) -> float:
        """When it came into git; infinity where it did not yet."""
        assert self.branch is not None
        path = self.branch.path
        only_added = ("--all", "-1", "--format=%ct", "--diff-filter=A")
        found = git(path.parent, "log", *only_added, "--", path.name)
        return float(found) if found else float("inf")


def _mainlines(workspace: Workspace) -> Iterator[str]:
    """The branches of git that others build on: those deployed from, and the usual ones."""
    deployed = dict.fromkeys(e.branch for e in workspace.settings.environments if e.branch)
    for branch in dict.fromkeys((*deployed, "main", "master")):
        yield from (f"origin/{branch}", branch)


def _ask_all(workspace: Workspace, sides: tuple[LockFile, ...]) -> _Applied:
    """What the lock file says and, of those that answer, each Environment itself."""
    heads: dict[str, tuple[str, ...]] = {}
    for side in sides:
        for locked in side.environments:
            heads[locked.name] = (*heads.get(locked.name, ()), *locked.applied)
    not_asked: list[tuple[str, str]] = []
    unknown: dict[str, str] = {}
    known = {script.revision for script in workspace.project.directory.walk_revisions()}
    for environment in workspace.settings.environments:
        name = environment.name
        try:
            destination = of_environment(workspace, environment)
            record, guard = ask(destination, purpose="merge")
            ran = {} if guard.unmarked else ran_there(destination)
        except LockgateError as error:
            not_asked.append((name, error.message))
            continue
        here = {head for found in record.heads_before.values() for head in found}
        heads[name] = (*heads.get(name, ()), *here, *ran)
        if strange := sorted(here - known - set(ran)):
            unknown[name] = strange[0]
    return _Applied(heads, tuple(not_asked), unknown)


def _majors(lock: LockFile, names: tuple[str, ...]) -> tuple[int, ...]:
    found = (lock.revision(name) for name in names)
    return tuple(sorted({r.major for locked in found if locked for r in locked.rehearsals}))


def _only_proved(lock: LockFile, branch: Branch, major: int) -> LockFile:
    """The lock file without what the branch was like on other majors where it stood before."""
    moved = (lock.revision(revision) for revision in branch.revisions)
    return lock.with_revision(
        *(
            replace(locked, rehearsals=tuple(r for r in locked.rehearsals if r.major == major))
            for locked in moved
            if locked is not None
        )
    )


@contextmanager
def put_back_unless_kept(workspace: Workspace, path: Path) -> Iterator[list[Path]]:
    """Restores the file at the end, whatever happened, unless it was added to the list."""
    source = path.read_bytes()
    kept: list[Path] = []
    try:
        yield kept
    finally:
        if path not in kept:
            write_atomically(path, source)
            workspace.reopen_project()
