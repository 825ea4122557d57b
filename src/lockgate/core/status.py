"""Where an Environment stands: its identity, its revision, what is pending, whether it drifted.

Holds what was found and decides what the lock file expects. Asking is `workflows.status`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lockgate.core.catalog import Change
from lockgate.core.environment import PRIMARY, Role
from lockgate.core.ledger import LedgerRow
from lockgate.core.lockfile import LockFile
from lockgate.errors import ExitStatus


@dataclass(frozen=True, slots=True)
class CurrentRevision:
    """A revision that a database is at; `message` is None where its file is not here."""

    revision: str
    message: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The structure of a database against the Fingerprint of the lock file.

    `drifted` is None where it could not be compared; `reason` then says why. `changes` lead from
    the recorded structure to the database's. The lock file has no Catalogs, so they are only
    known where another Environment has exactly the recorded structure, and None elsewhere.
    """

    drifted: bool | None
    changes: tuple[Change, ...] | None = None
    reason: str | None = None


NOT_ASKED = Comparison(None, reason="the database was not asked")


@dataclass(frozen=True, slots=True)
class EnvironmentStatus:
    """One database of an Environment, as far as it could be asked.

    `identity` is `ok`, `unmarked`, `wrong`, `moved` or `unreachable`; `problem` says why it is
    not ok, or what else could not be answered. `url` is redacted, None where the credentials
    were not found. `current` and `pending` are None where they are not known. `last` is the
    newest row of the Ledger.
    """

    name: str
    part: str
    role: Role
    url: str | None
    identity: str
    problem: str | None = None
    current: tuple[CurrentRevision, ...] | None = None
    pending: int | None = None
    structure: Comparison = NOT_ASKED
    last: LedgerRow | None = None

    @property
    def title(self) -> str:
        """The Environment, and which of its databases."""
        return f"{self.name}/{self.part}" if self.part else self.name


@dataclass(frozen=True, slots=True)
class Standing:
    """All Environments beside the heads of the revision files."""

    heads: tuple[CurrentRevision, ...]
    environments: tuple[EnvironmentStatus, ...]


@dataclass(frozen=True, slots=True)
class RecordedFingerprint:
    """What the lock file expects of a structure; without a Fingerprint, `reason` says why."""

    fingerprint: str | None
    reason: str | None = None


def recorded_fingerprint(
    lock: LockFile, heads: tuple[str, ...], *, major: int, part: str
) -> RecordedFingerprint:
    """The Fingerprint that database `part` at `heads` has on PostgreSQL `major`, by the lock file.

    Of several databases, the lock file keeps one Fingerprint each, as `part=fingerprint`.
    """
    if len(heads) != 1:
        where = "at several revisions" if heads else "at no revision yet"
        return RecordedFingerprint(None, f"the database is {where}")
    locked = lock.revision(heads[0])
    if locked is None:
        return RecordedFingerprint(None, f"lockgate.lock does not have {heads[0]}")
    rehearsal = locked.rehearsal(major)
    if rehearsal is None or rehearsal.up_fingerprint is None:
        return RecordedFingerprint(None, f"{heads[0]} was not rehearsed on PostgreSQL {major}")
    words = [word.rpartition("=") for word in rehearsal.up_fingerprint.split()]
    for name, _, fingerprint in words:
        if name in (part, PRIMARY):
            return RecordedFingerprint(fingerprint)
    return RecordedFingerprint(None, f'{heads[0]} was rehearsed without the database "{part}"')


def status_exit(environments: Iterable[EnvironmentStatus]) -> ExitStatus:
    """NO where an identity is wrong or a structure drifted, UNREACHABLE where nobody answered."""
    found = tuple(environments)
    if any(e.identity in ("wrong", "moved") or e.structure.drifted for e in found):
        return ExitStatus.NO
    if found and all(e.identity == "unreachable" for e in found):
        return ExitStatus.UNREACHABLE
    return ExitStatus.DONE
