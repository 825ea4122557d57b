"""The two sides of a half-merged `lockgate.lock`, and what can be kept of them.

Leaves reading one whole file to `lockfile`, and what to do about the conflict to `workflows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from lockgate.core.lockfile import (
    CONFLICT_MARKER,
    LockedEnvironment,
    LockedRevision,
    LockFile,
    parse,
    read_unchecked,
)

_T = TypeVar("_T")


def mend(text: str) -> LockFile:
    """What can be kept of a half-merged file, for a rehearsal to start from.

    Revisions and Environments of either side, without what the sides hold differently of them:
    a whole Revision where its file is another, else the rehearsals on one major; of an
    Environment where it was taken last, else all of it.

    Raises LockFileTooNew, LockFileUnreadable.
    """
    first, *others = read_sides(text)
    for other in others:
        first = LockFile(
            tuple(_agreed(first.revisions, other.revisions, _revision_id, _both_rehearsed)),
            tuple(_agreed(first.environments, other.environments, _name, _both_enrolled)),
        )
    return first


def read_sides(text: str) -> tuple[LockFile, ...]:
    """Our side of a half-merged file and theirs; the one lock file where nothing is in conflict.

    Raises LockFileTooNew, LockFileUnreadable.
    """
    if CONFLICT_MARKER.search(text) is None:
        return (parse(text),)
    return tuple(read_unchecked(side) for side in _sides(text))


def _sides(text: str) -> tuple[str, str]:
    sides: tuple[list[str], list[str]] = ([], [])
    writing: tuple[list[str], ...] = sides
    for line in text.splitlines(keepends=True):
        if not CONFLICT_MARKER.match(line):
            for side in writing:
                side.append(line)
        elif line.startswith("<"):
            writing = (sides[0],)
        elif line.startswith("|"):
            writing = ()  # with diff3 style, what stood there before
        elif line.startswith("="):
            writing = (sides[1],)
        else:
            writing = sides
    return "".join(sides[0]), "".join(sides[1])


def _agreed(
    ours: Iterable[_T],
    theirs: Iterable[_T],
    key: Callable[[_T], str],
    both: Callable[[_T, _T], _T | None],
) -> Iterator[_T]:
    mine, others = ({key(value): value for value in side} for side in (ours, theirs))
    for name in mine.keys() | others.keys():
        one, other = mine.get(name), others.get(name)
        kept = one or other if one is None or other is None else both(one, other)
        if kept is not None:
            yield kept


def _revision_id(locked: LockedRevision) -> str:
    return locked.revision


def _name(environment: LockedEnvironment) -> str:
    return environment.name


def _both_rehearsed(one: LockedRevision, other: LockedRevision) -> LockedRevision | None:
    if replace(one, rehearsals=()) != replace(other, rehearsals=()):
        return None
    # What the models made on one side says nothing of the merged ones.
    mine, theirs = (
        {r.major: replace(r, models=None) for r in side.rehearsals} for side in (one, other)
    )
    either = mine | theirs
    agreed = [r for major, r in either.items() if mine.get(major, r) == theirs.get(major, r)]
    return replace(one, rehearsals=tuple(agreed))


def _both_enrolled(one: LockedEnvironment, other: LockedEnvironment) -> LockedEnvironment | None:
    if one == other:
        return one
    one, other = replace(one, applied=()), replace(other, applied=())
    return one if one == other else None
