"""What proves, without a server, that the models make what the Revisions make.

A proof is a digest of everything that the comparison on scratch rested on. Whoever finds the same
digest again need not compare again. Leaves telling the models' statements to `migrations`.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from lockgate.core.lockfile import FORMAT, LockFile


def prove(lock: LockFile, head: str, *, major: int, statements: str) -> str | None:
    """`sha256:` and the digest of `head` on PostgreSQL `major`, and of the models' `statements`.

    It holds the lock file's format, the Fingerprint of `head`, the syntax of all Revisions up to
    it, and the digest of the statements. None where the lock file has no Fingerprint of it.
    """
    locked = lock.revision(head)
    rehearsal = locked.rehearsal(major) if locked else None
    if rehearsal is None or rehearsal.up_fingerprint is None:
        return None
    rests_on = (
        FORMAT,
        major,
        rehearsal.up_fingerprint,
        statements,
        [(one.revision, one.parent, one.depends_on, one.syntax) for one in lock.lineage(head)],
    )
    return "sha256:" + sha256(ascii(rests_on).encode()).hexdigest()


def with_proof(lock: LockFile, head: str, *, major: int, models: str | None) -> LockFile:
    """The lock file with `models` as the proof of `head` on `major`; other Revisions have none."""
    changed = []
    for locked in lock.revisions:
        rehearsals = []
        for rehearsal in locked.rehearsals:
            if locked.revision != head:
                rehearsal = replace(rehearsal, models=None)
            elif rehearsal.major == major:
                rehearsal = replace(rehearsal, models=models)
            rehearsals.append(rehearsal)
        if tuple(rehearsals) != locked.rehearsals:
            changed.append(replace(locked, rehearsals=tuple(rehearsals)))
    return lock.with_revision(*changed)


def is_rehearsed(lock: LockFile, major: int) -> bool:
    """Whether every Revision went up and came back on PostgreSQL `major`."""
    return all(
        rehearsal is not None and rehearsal.is_fine
        for rehearsal in (locked.rehearsal(major) for locked in lock.revisions)
    )
