"""Finds the file of a Revision in git's history, on any branch, and brings it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from lockgate.core.locate import LostFile
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.revision_files import revision_in
from lockgate.migrations.revisions import ParentMissing
from lockgate.workflows.workspace import Workspace, git, git_bytes, write_atomically


def find_lost(workspace: Workspace, revision: str) -> LostFile | None:
    """Where the newest version of the file of `revision` is; None where git has it nowhere.

    Looks at every commit of every branch, tag, stash and reflog: first for a file below the
    folders of the revisions that are here, then for one anywhere.
    """
    root = workspace.settings.root
    top = git(root, "rev-parse", "--show-toplevel")
    if top is None:
        return None
    folders = [str(folder) for folder in workspace.version_folders if folder.is_relative_to(top)]
    for places in ([folders] if folders else []) + [["*.py"]]:
        for commit, path in _touched(Path(top), revision, places):
            source = git_bytes(Path(top), "show", f"{commit}:{path}")
            if source is not None and revision_in(source, path) == revision:
                return LostFile(revision, commit, path)
    return None


def _touched(top: Path, revision: str, places: list[str]) -> Iterator[tuple[str, str]]:
    """Commits, the newest first, in which the id came into a file, each with the file."""
    listed = git(
        top,
        "log",
        "--all",
        "--reflog",
        "--format=commit %H",
        "--name-only",
        "--no-renames",
        "--diff-filter=AM",
        "-m",
        f"-S{revision}",
        "--",
        *places,
        seconds=300,
    )
    commit = ""
    for line in (listed or "").splitlines():
        if line.startswith("commit "):
            commit = line.removeprefix("commit ")
        elif line.endswith(".py"):
            yield commit, line


def restore(workspace: Workspace, lost: LostFile) -> Path:
    """Writes the file where it was, or, if that is no folder of revisions now, into the first one.

    What is there already stays, under the name that it has.
    """
    top = Path(str(git(workspace.settings.root, "rev-parse", "--show-toplevel")))
    source = git_bytes(top, "show", f"{lost.commit}:{lost.path}")
    assert source is not None, "git has just shown it"
    folders = workspace.version_folders
    path = top / lost.path
    if path.parent not in folders:
        path = folders[0] / PurePosixPath(lost.path).name
    if path.exists():
        path = path.with_name(f"{lost.revision}_restored.py")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, source.decode("utf-8"))
    return path


def missing_history(root: Path) -> str | None:
    """The command that fetches what this clone left out; None where it left out nothing.

    A clone with --depth ends at some commit and knows one branch alone.
    """
    remote = (git(root, "remote") or "").partition("\n")[0]
    if not remote:
        return None
    everything = f"+refs/heads/*:refs/remotes/{remote}/*"
    shallow = git(root, "rev-parse", "--is-shallow-repository") == "true"
    fetched = git(root, "config", "--get-all", f"remote.{remote}.fetch") or ""
    if not shallow and everything in fetched.splitlines():
        return None
    return f"git fetch {'--unshallow ' if shallow else ''}{remote} '{everything}'"


@dataclass(eq=False)
class NowhereInGit(LockgateError):
    """A lost revision that no commit of this repository has."""

    revision: str
    fetch: str | None

    code: ClassVar[str] = "LG-LOST-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Which one."""
        return f'no file of revision "{self.revision}" is in git'

    @property
    def hint(self) -> str:
        """Where it may be."""
        if self.fetch is None:
            return "find out who made the revision, have it pushed, and fetch it"
        return f"run `{self.fetch}`, for this clone lacks a part of the history, and try again"


def bring_back(workspace: Workspace, revisions: tuple[str, ...]) -> tuple[Path, ...]:
    """Writes the lost files of `revisions`, and those of their ancestors that are missing, too.

    Raises NowhereInGit.
    """
    written: list[Path] = []
    waiting = list(revisions)
    while waiting:
        revision = waiting.pop()
        lost = find_lost(workspace, revision)
        if lost is None:
            raise NowhereInGit(revision, missing_history(workspace.settings.root))
        written.append(restore(workspace, lost))
        workspace.reopen_project()
        try:
            _ = workspace.project
        except ParentMissing as error:
            waiting.append(error.missing)
    return tuple(written)
