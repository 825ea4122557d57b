"""Which Revision a structure is at, whatever the version table says.

By Fingerprint; where none is equal, by the number of Changes to those that are nearest.

Decides from values. Reading the structure and replaying Revisions is `workflows.locate`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lockgate.core.catalog import Catalog, Change, diff
from lockgate.core.lockfile import LockFile
from lockgate.core.revisions import RevisionFile

BASE = "base"
"""What Alembic calls the state before the first Revision."""
NEAREST = 3
"""How many Revisions are named where none is exact."""


@dataclass(frozen=True, slots=True)
class Near:
    """A Revision, and the structural Changes that lead from its structure to the database's.

    `revision` is several heads with commas between them where they were made together.
    """

    revision: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class LostFile:
    """The file of a Revision in git: the newest commit that has it, and its path from the top."""

    revision: str
    commit: str
    path: str

    @property
    def spelled(self) -> str:
        """As other programs read it."""
        return f"git:{self.commit}:{self.path}"


@dataclass(frozen=True, slots=True)
class Located:
    """Where a database is.

    `recorded` is what its version table names; `exact` are the Revisions whose structure it has,
    in their order, found in the lock file or, where `replayed`, by replaying them. Where none is,
    `together` are the heads that all together make that structure; `nearest` else the closest
    ones, the closest first. `lost` are recorded Revisions that no
    file here has but git does, `nowhere` those that git has not either. `missing` are kinds of
    objects that the login may not read. `stopped` says why a replay ended early.
    """

    name: str
    marked: bool
    recorded: tuple[str, ...]
    exact: tuple[str, ...]
    replayed: bool = False
    together: tuple[str, ...] = ()
    nearest: tuple[Near, ...] = ()
    lost: tuple[LostFile, ...] = ()
    nowhere: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    stopped: str | None = None

    @property
    def recorded_is_exact(self) -> bool:
        """Whether the version table tells the truth."""
        truth = self.recorded or (BASE,)
        return truth == self.together or (len(truth) == 1 and truth[0] in self.exact)

    def proved(self, *, but: str | None = None) -> tuple[str, ...]:
        """What the structure proves a stamp to be right with, which is not `but`."""
        exact = [found for found in self.exact if found not in (BASE, but)]
        return tuple(exact[-1:]) or self.together


def known_fingerprints(
    lock: LockFile, files: Iterable[RevisionFile], *, major: int, majors: tuple[int, ...]
) -> dict[str, str]:
    """The Fingerprint of each locked Revision, parents first, on PostgreSQL `major`.

    One from another of `majors` serves, too. That of a Revision whose file, or an ancestor's,
    was edited since is not known, nor that of one beside which others were rehearsed. One whose
    file is gone is known all the same.
    """
    syntaxes = {file.revision: file.syntax for file in files}
    fingerprints: dict[str, str] = {}
    intact: set[str] = set()
    for locked in lock.revisions:
        if locked.syntax != syntaxes.get(locked.revision, locked.syntax):
            continue
        if not {*locked.parent, *locked.depends_on} <= intact:
            continue
        intact.add(locked.revision)
        rehearsals = (locked.rehearsal(candidate) for candidate in (major, *majors))
        known = [one.up_fingerprint for one in rehearsals if one and one.up_fingerprint]
        if known and lock.is_passed_by_all(locked.revision):
            fingerprints[locked.revision] = known[0]
    return fingerprints


class Ranking:
    """Keeps the Revisions that are nearest to the Catalogs `found`, by part, of all considered.

    One without structural Changes is exact. Of equally close ones the later comes first, for a
    schema mostly runs ahead of what is recorded.
    """

    def __init__(self, found: Mapping[str, Catalog]) -> None:
        self.found = found
        self._best: list[tuple[int, int, Near]] = []
        self._considered = 0

    def consider(self, revision: str, catalogs: Mapping[str, Catalog]) -> None:
        """Ranks `revision`, which makes `catalogs`; keeps no Catalog."""
        self._considered += 1
        changes = tuple(
            change
            for part, catalog in self.found.items()
            for change in diff(catalogs[part], catalog)
            if not change.cosmetic
        )
        self._best.append((len(changes), -self._considered, Near(revision, changes)))
        self._best.sort(key=lambda one: one[:2])
        del self._best[max(NEAREST, len(self.exact)) :]

    @property
    def exact(self) -> tuple[str, ...]:
        """Those without a Change, in the order in which they were considered."""
        found = [(-order, near.revision) for number, order, near in self._best if not number]
        return tuple(revision for _, revision in sorted(found))

    @property
    def nearest(self) -> tuple[Near, ...]:
        """At most NEAREST, the closest first."""
        return tuple(near for _, __, near in self._best)
