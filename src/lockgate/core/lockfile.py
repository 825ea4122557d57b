"""What `lockgate.lock` holds: which Revisions were rehearsed, and what came of it.

Answers how the file reads and writes, and where the revision files have moved away from it.
Leaves opening it to `workflows`. Two branches that both add a Revision change the one line
`heads`, so that git stops the merge; a block for each Revision lets other edits merge.
"""

from __future__ import annotations

import heapq
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, ClassVar, Literal

import msgspec

from lockgate.core.environment import Role
from lockgate.core.revisions import RevisionFile
from lockgate.errors import ExitStatus, LockgateError

FORMAT = 2
"""Goes up when Fingerprints change their meaning; rehearsals of an older format do not count."""

HEADER = """\
# Written by `lockgate rehearse`; commit it beside the revisions.
# A conflict in `heads` means that two branches both add a revision: `lockgate merge --rebase`
# puts one on top of the other, `lockgate merge heads -m MESSAGE` joins them. Both resolve it.
"""
TRAILER = "# End of lockgate.lock; without this line the file was cut off.\n"


@dataclass(eq=False)
class LockFileTooNew(LockgateError):
    """A lock file written by a later lockgate."""

    format: int

    code: ClassVar[str] = "LG-LOCK-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Its format and ours."""
        return f'lockgate.lock has format "{self.format}"; this lockgate reads "{FORMAT}"'

    @property
    def hint(self) -> str:
        """Which side to move."""
        return "upgrade lockgate to the version that your colleagues use"


@dataclass(eq=False)
class LockFileConflicted(LockgateError):
    """A lock file with git's conflict markers in it."""

    line: int

    code: ClassVar[str] = "LG-LOCK-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Where the first marker is."""
        return f'lockgate.lock is half merged: line "{self.line}" is a conflict marker'

    @property
    def hint(self) -> str:
        """How the merge is finished."""
        return (
            "run `lockgate merge --rebase` if there are two heads, otherwise `lockgate rehearse`; "
            "both resolve it"
        )


@dataclass(eq=False)
class LockFileUnreadable(LockgateError):
    """A lock file that is cut off or was edited into something else."""

    line: int | None
    reason: str

    code: ClassVar[str] = "LG-LOCK-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Where it stops making sense, and why."""
        place = "" if self.line is None else f' at line "{self.line}"'
        return f"lockgate.lock cannot be read{place}: {self.reason}"

    @property
    def hint(self) -> str:
        """How to have a whole one again."""
        return "restore it with `git checkout lockgate.lock`, or run `lockgate rehearse`"


UpVerdict = Literal["ok", "failed", "skipped"]
DownVerdict = Literal["ok", "failed", "irreversible", "missing"]


@dataclass(frozen=True, slots=True)
class LockedRehearsal:
    """What rehearsing one Revision on one PostgreSQL major showed."""

    major: int
    up: UpVerdict
    down: DownVerdict
    restores: bool  # the Catalog after the downgrade equals the one before the upgrade
    up_fingerprint: str | None = None  # None where there was no Catalog to take it of
    down_fingerprint: str | None = None
    models: str | None = None
    """What proves that the models made `up_fingerprint`; see `proof`. Of a head alone."""

    @property
    def is_fine(self) -> bool:
        """Whether it went up, and came back or says on purpose that it does not."""
        back = self.down == "irreversible" or (self.down == "ok" and self.restores)
        return self.up == "ok" and back


@dataclass(frozen=True, slots=True)
class LockedRevision:
    """One Revision as it was when it was rehearsed; `rehearsals` holds one for each major."""

    revision: str
    parent: tuple[str, ...]  # more than one after a merge, none at a base
    depends_on: tuple[str, ...]
    syntax: str
    irreversible: str | None = None  # the file's own reason
    rehearsals: tuple[LockedRehearsal, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "parent", tuple(sorted(self.parent)))
        object.__setattr__(self, "depends_on", tuple(sorted(self.depends_on)))
        by_major = tuple(sorted(self.rehearsals, key=lambda rehearsal: rehearsal.major))
        object.__setattr__(self, "rehearsals", by_major)

    def rehearsal(self, major: int) -> LockedRehearsal | None:
        """The rehearsal on PostgreSQL `major`, if there was one."""
        return next((found for found in self.rehearsals if found.major == major), None)

    def with_rehearsal(self, rehearsal: LockedRehearsal) -> LockedRevision:
        """The same Revision, `rehearsal` in place of an earlier one on its major."""
        others = (kept for kept in self.rehearsals if kept.major != rehearsal.major)
        return replace(self, rehearsals=(*others, rehearsal))


@dataclass(frozen=True, slots=True)
class LockedEnvironment:
    """An enrolled database that others may have to be compared with.

    `applied` are the heads it was taken to last from a checkout that committed this file; they
    let another Environment's deploy be gated where this one cannot be reached.
    """

    name: str
    role: Role
    uuid: str
    system_identifier: str | None = None  # None where the server did not let us read it
    applied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LockFile:
    """The Revisions, parents before children, and the Environments by name.

    The order is the same whatever order they were added in: of several Revisions that could
    come next, the one with the smallest id does.
    """

    revisions: tuple[LockedRevision, ...] = ()
    environments: tuple[LockedEnvironment, ...] = ()
    _by_id: dict[str, LockedRevision] = field(init=False, repr=False, compare=False)
    _is_line: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {locked.revision: locked for locked in self.revisions})
        ordered = tuple(_parents_first(self._by_id))
        object.__setattr__(self, "revisions", ordered)
        parents = [(), *((locked.revision,) for locked in ordered)]
        is_line = all(one.parent == parent for one, parent in zip(ordered, parents, strict=False))
        object.__setattr__(self, "_is_line", is_line)
        by_name = tuple(sorted(self.environments, key=lambda environment: environment.name))
        object.__setattr__(self, "environments", by_name)

    @property
    def heads(self) -> tuple[str, ...]:
        """The ids that are no Revision's parent, sorted."""
        parents = {parent for locked in self.revisions for parent in locked.parent}
        return tuple(sorted(self._by_id.keys() - parents))

    def is_passed_by_all(self, revision: str) -> bool:
        """Whether every other Revision comes before `revision`, or after it."""
        if self._is_line:  # nearly all are, and the rest takes time
            return True
        before = {locked.revision for locked in self.lineage(revision)}
        after = {locked.revision for locked in self.descendants(revision)}
        return all(locked.revision in before | after for locked in self.revisions)

    def lineage(self, revision: str) -> tuple[LockedRevision, ...]:
        """The Revisions that come before `revision`, parents first, and itself."""
        before = {revision}
        found = []
        for locked in reversed(self.revisions):
            if locked.revision in before:
                before |= {*locked.parent, *locked.depends_on}
                found.append(locked)
        return tuple(reversed(found))

    def descendants(self, revision: str) -> tuple[LockedRevision, ...]:
        """The Revisions that come after `revision`, parents first."""
        after, found = {revision}, []
        for locked in self.revisions:
            if after & {*locked.parent, *locked.depends_on}:
                after.add(locked.revision)
                found.append(locked)
        return tuple(found)

    def revision(self, revision: str) -> LockedRevision | None:
        """The Revision with that id, if it is locked."""
        return self._by_id.get(revision)

    def environment(self, name: str) -> LockedEnvironment | None:
        """The Environment of that name, if it is enrolled here."""
        return next((found for found in self.environments if found.name == name), None)

    def with_revision(self, *revisions: LockedRevision) -> LockFile:
        """The lock file with each of `revisions` added, or in place of the one with its id."""
        added = self._by_id | {locked.revision: locked for locked in revisions}
        return LockFile(tuple(added.values()), self.environments)

    def without_revision(self, *revisions: str) -> LockFile:
        """The lock file without those ids."""
        kept = (locked for locked in self.revisions if locked.revision not in revisions)
        return LockFile(tuple(kept), self.environments)

    def with_environment(self, environment: LockedEnvironment) -> LockFile:
        """The lock file with `environment` added, or in place of the one of its name."""
        others = (kept for kept in self.environments if kept.name != environment.name)
        return LockFile(self.revisions, (*others, environment))

    def without_environment(self, name: str) -> LockFile:
        """The lock file without the Environment `name`."""
        kept = (found for found in self.environments if found.name != name)
        return LockFile(self.revisions, tuple(kept))


def _parents_first(by_id: dict[str, LockedRevision]) -> Iterator[LockedRevision]:
    """Raises LockFileUnreadable where the parents go round in a circle."""
    waiting = {
        revision: {name for name in (*locked.parent, *locked.depends_on) if name in by_id}
        for revision, locked in by_id.items()
    }
    children: dict[str, list[str]] = {revision: [] for revision in by_id}
    for revision, names in waiting.items():
        for name in names:
            children[name].append(revision)
    ready = sorted(revision for revision, names in waiting.items() if not names)
    while ready:
        revision = heapq.heappop(ready)
        del waiting[revision]
        yield by_id[revision]
        for child in children[revision]:
            waiting[child].discard(revision)
            if not waiting[child]:
                heapq.heappush(ready, child)
    if waiting:
        raise LockFileUnreadable(None, f'revision "{min(waiting)}" is its own ancestor')


def render(lock_file: LockFile) -> str:
    """The text of `lockgate.lock`, the same for equal values."""
    blocks = [
        HEADER,
        f"[lock]\nformat = {FORMAT}\nheads = {_array(lock_file.heads)}\n",
        *(_environment_block(environment) for environment in lock_file.environments),
        *(_revision_block(locked) for locked in lock_file.revisions),
        TRAILER,
    ]
    return "\n".join(blocks)


def _environment_block(environment: LockedEnvironment) -> str:
    lines = [
        "[[environment]]",
        f"name = {_string(environment.name)}",
        f"role = {_string(environment.role)}",
        f"uuid = {_string(environment.uuid)}",
    ]
    if environment.system_identifier is not None:
        lines.append(f"system_identifier = {_string(environment.system_identifier)}")
    if environment.applied:
        lines.append(f"applied = {_array(environment.applied)}")
    return "\n".join(lines) + "\n"


def _revision_block(locked: LockedRevision) -> str:
    lines = [
        "[[revision]]",
        f"id = {_string(locked.revision)}",
        f"parent = {_array(locked.parent)}",
    ]
    if locked.depends_on:
        lines.append(f"depends_on = {_array(locked.depends_on)}")
    lines.append(f"syntax = {_string(locked.syntax)}")
    if locked.irreversible is not None:
        lines.append(f"irreversible = {_string(locked.irreversible)}")
    for rehearsal in locked.rehearsals:
        lines += [
            f"[revision.postgresql.{rehearsal.major}]",
            f"up = {_string(rehearsal.up)}",
            f"down = {_string(rehearsal.down)}",
            f"restores = {'true' if rehearsal.restores else 'false'}",
        ]
        if rehearsal.up_fingerprint is not None:
            lines.append(f"up_fingerprint = {_string(rehearsal.up_fingerprint)}")
        if rehearsal.down_fingerprint is not None:
            lines.append(f"down_fingerprint = {_string(rehearsal.down_fingerprint)}")
        if rehearsal.models is not None:
            lines.append(f"models = {_string(rehearsal.models)}")
    return "\n".join(lines) + "\n"


def _string(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _array(texts: Iterable[str]) -> str:
    return f"[{', '.join(_string(text) for text in texts)}]"


class _Lock(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    heads: tuple[str, ...]


class _Environment(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    role: Role
    uuid: str
    system_identifier: str | None = None
    applied: tuple[str, ...] = ()


class _Rehearsal(msgspec.Struct, forbid_unknown_fields=True):
    up: UpVerdict
    down: DownVerdict
    restores: bool
    up_fingerprint: str | None = None
    down_fingerprint: str | None = None
    models: str | None = None


class _Revision(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    parent: tuple[str, ...]
    syntax: str
    depends_on: tuple[str, ...] = ()
    irreversible: str | None = None
    postgresql: dict[int, _Rehearsal] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    lock: _Lock
    environment: list[_Environment] = []
    revision: list[_Revision] = []


# git writes these seven at the start of a line; no line of ours begins so.
CONFLICT_MARKER = re.compile(
    r"^(?:<<<<<<<|=======|>>>>>>>|\|\|\|\|\|\|\|)(?:[ \r]|$)", re.MULTILINE
)


def parse(text: str) -> LockFile:
    """The lock file that `text` spells.

    Raises LockFileConflicted, LockFileTooNew, LockFileUnreadable.
    """
    if marker := CONFLICT_MARKER.search(text):
        raise LockFileConflicted(_line_at(text, marker.start()))
    return _check_whole(_read(text))


def read_unchecked(text: str) -> LockFile:
    """The lock file that `text` spells, also where it lacks what `[lock]` promises.

    Raises LockFileTooNew, LockFileUnreadable.
    """
    return _lock_file(_read(text))


def _read(text: str) -> _File:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LockFileUnreadable(_line_named(text, str(error)), str(error)) from error
    _check_format(document)
    if not text.rstrip().endswith(TRAILER.rstrip()):
        raise LockFileUnreadable(_line_at(text, len(text)), "the rest of the file is not there")
    try:
        return msgspec.convert(document, _File, str_keys=True)
    except msgspec.ValidationError as error:
        raise LockFileUnreadable(_block_named(text, str(error)), str(error)) from error


def _check_format(document: dict[str, Any]) -> None:  # Any: TOML of unknown shape
    lock = document.get("lock")
    found = lock.get("format") if isinstance(lock, dict) else None
    if not isinstance(found, int):
        raise LockFileUnreadable(None, "it has no [lock] with a format")
    if found > FORMAT:
        raise LockFileTooNew(found)


def _check_whole(file: _File) -> LockFile:
    """The lock file, if it has what `[lock]` promises: a cut or a careless merge shows here."""
    lock_file = _lock_file(file)
    if len(lock_file.revisions) != len(file.revision):
        raise LockFileUnreadable(None, "it has the same revision twice")
    if lock_file.heads != file.lock.heads:
        promised, found = ", ".join(file.lock.heads), ", ".join(lock_file.heads)
        raise LockFileUnreadable(
            None, f'its heads are said to be "{promised}", but its revisions end in "{found}"'
        )
    return lock_file


def _lock_file(file: _File) -> LockFile:
    return LockFile(tuple(_locked(file)), tuple(_enrolled(file)))


def _locked(file: _File) -> Iterator[LockedRevision]:
    for found in file.revision:
        yield LockedRevision(
            revision=found.id,
            parent=found.parent,
            depends_on=found.depends_on,
            syntax=found.syntax,
            irreversible=found.irreversible,
            rehearsals=tuple(
                LockedRehearsal(
                    major,
                    rehearsal.up,
                    rehearsal.down,
                    rehearsal.restores,
                    rehearsal.up_fingerprint,
                    rehearsal.down_fingerprint,
                    rehearsal.models,
                )
                for major, rehearsal in found.postgresql.items()
                if file.lock.format == FORMAT
            ),
        )


def _enrolled(file: _File) -> Iterator[LockedEnvironment]:
    for found in file.environment:
        yield LockedEnvironment(
            found.name, found.role, found.uuid, found.system_identifier, found.applied
        )


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _line_named(text: str, reason: str) -> int:
    named = re.search(r"at line (\d+)", reason)
    return int(named[1]) if named else _line_at(text, len(text))


def _block_named(text: str, reason: str) -> int | None:
    """The line of the block that msgspec means by `$.revision[3].syntax`."""
    named = re.search(r"\$\.(revision|environment)\[(\d+)\]", reason)
    if not named:
        return None
    blocks = re.finditer(rf"^\[\[{named[1]}\]\]", text, re.MULTILINE)
    return next(
        (_line_at(text, b.start()) for number, b in enumerate(blocks) if number == int(named[2])),
        None,
    )


class Drift(Enum):
    """In which way a revision file and the lock file differ."""

    EDITED = "edited"
    REPARENTED = "reparented"
    NOT_LOCKED = "not locked"
    FILE_GONE = "file gone"


@dataclass(frozen=True, slots=True)
class LockDifference:
    """One Revision that is not as it was locked.

    A Revision that was given other parents is REPARENTED, whatever else was edited in it.
    """

    revision: str
    drift: Drift
    locked: LockedRevision | None  # None: NOT_LOCKED
    file: RevisionFile | None  # None: FILE_GONE


def compare(lock_file: LockFile, files: Iterable[RevisionFile]) -> tuple[LockDifference, ...]:
    """Where `files` differ from `lock_file`, sorted by revision; empty where nothing moved."""
    by_id = {file.revision: file for file in files}
    locked_by_id = {locked.revision: locked for locked in lock_file.revisions}
    differences = (
        _difference(revision, locked_by_id.get(revision), by_id.get(revision))
        for revision in sorted(by_id.keys() | locked_by_id.keys())
    )
    return tuple(found for found in differences if found is not None)


def _difference(
    revision: str, locked: LockedRevision | None, file: RevisionFile | None
) -> LockDifference | None:
    if locked is None:
        drift = Drift.NOT_LOCKED
    elif file is None:
        drift = Drift.FILE_GONE
    elif (locked.parent, locked.depends_on) != (
        tuple(sorted(file.parent)),
        tuple(sorted(file.depends_on)),
    ):
        drift = Drift.REPARENTED
    elif locked.syntax != file.syntax:
        drift = Drift.EDITED
    else:
        return None
    return LockDifference(revision, drift, locked, file)
