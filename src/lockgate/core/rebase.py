"""What `lockgate merge --rebase` moves, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lockgate.core.rehearsal import Rehearsal


@dataclass(frozen=True, slots=True)
class Branch:
    """The Revisions that one head has and another has not, in a plain line, the lowest first.

    `parent` is the one below them, `path` the file of the lowest.
    """

    revisions: tuple[str, ...]
    parent: str
    path: Path

    @property
    def head(self) -> str:
        """The uppermost."""
        return self.revisions[-1]


@dataclass(frozen=True, slots=True)
class Rebase:
    """A Branch put on top of `onto`, why that and not the other, and the proof.

    `done` is False where the rehearsal found something; then every file is as it was.
    `not_asked` holds Environments of which nobody can say what is applied, each with the reason.
    `other_majors` are those on which the lock file had either branch rehearsed, besides this one.
    `resolved` is the lock file if it was half merged and is whole now.
    """

    branch: Branch
    onto: str
    why: str
    rehearsal: Rehearsal
    done: bool
    not_asked: tuple[tuple[str, str], ...] = ()
    other_majors: tuple[int, ...] = ()
    resolved: Path | None = None
