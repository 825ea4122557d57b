"""How fast a server works, learned from what was timed.

A factor says by how much a server differs from the model of `core.work`. It comes, in this order,
from the same statement timed on scratch, from like ones in the Ledger of the Environment or on
scratch, and without any of them it is 1.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from lockgate.core.forecast import Basis
from lockgate.core.work import OVERHEAD_MS, Work, WorkKind, rows_of

SHORTEST_MS = 1.0
"""What is modelled as shorter says nothing of a rate: it is overhead."""
NOTHING_MS = 0.1
MOST_OVERHEAD_MS = 20.0
STEADY_MS = 10.0
"""What a statement has to be modelled to take to weigh as much as all others of its kind."""
DOMINANT = 0.6


SPREAD = {
    Basis.REHEARSED: 1.5,
    Basis.RECORDED: 2.0,
    Basis.ASSUMED: 4.0,
}
"""By how much the duration may be missed in either direction, all else being known."""


ANOTHER_MACHINE = 1.3
"""What more it may be missed by where it was timed on a machine that nobody compared."""
WRITING = frozenset({WorkKind.REWRITE, WorkKind.UPDATE, WorkKind.DELETE, WorkKind.INSERT})
"""What waits for disks, which the comparison of two machines leaves out."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One statement timed where `works` were as large as they say.

    `sql` may be its digest. `machine` is the target's time for a computation over that of the
    server where it was timed: 1 where they are one, None where they were not compared.
    """

    sql: str
    works: tuple[Work, ...]
    milliseconds: float
    basis: Basis
    machine: float | None = None

    def factor(self, overhead_ms: float = OVERHEAD_MS) -> float | None:
        """By how much slower than the model the target is; None where it was too short to tell.

        `overhead_ms` is what any statement took there, however small its table.
        """
        modelled = sum(work.milliseconds for work in self.works)
        if modelled < SHORTEST_MS:
            return None
        took = max(self.milliseconds - overhead_ms, self.milliseconds / 4)
        return took / modelled * (self.machine or 1.0)

    @property
    def spread(self) -> float:
        """By how much what it teaches may be off."""
        spread = SPREAD[self.basis]
        if self.basis is Basis.RECORDED:
            return spread  # it was timed on the target itself
        compared = self.machine == 1.0 or (self.machine and self.kind not in WRITING)
        return spread if compared else spread * ANOTHER_MACHINE

    @property
    def kind(self) -> WorkKind | None:
        """The kind of work that takes most of it; None where none does."""
        modelled = sum(work.milliseconds for work in self.works) or 1.0
        shares: defaultdict[WorkKind, float] = defaultdict(float)
        for work in self.works:
            shares[work.kind] += work.milliseconds / modelled
        return next((kind for kind, share in shares.items() if share >= DOMINANT), None)


@dataclass(frozen=True, slots=True)
class Factor:
    """What the model is multiplied by, how far it may be off, and why.

    `count` is how many statements it was learned from; `timed_rows` how many rows they had where
    it was this very one.
    """

    value: float
    spread: float
    basis: Basis
    count: int = 0
    timed_rows: float = 0


@dataclass(frozen=True, slots=True)
class Rates:
    """Everything that was timed."""

    measurements: tuple[Measurement, ...] = ()

    @property
    def overhead_ms(self) -> float:
        """What a statement takes on scratch that only changes the catalogs, or as good as."""
        alone = [
            one.milliseconds
            for one in self.measurements
            if one.basis is Basis.REHEARSED
            and sum(work.milliseconds for work in one.works) < NOTHING_MS
        ]
        # What nothing is known of, such as a DO block, may be long and no overhead at all.
        return min(max(median(alone), OVERHEAD_MS), MOST_OVERHEAD_MS) if alone else OVERHEAD_MS

    def factor_for(self, sql: str, works: Sequence[Work]) -> Factor:
        """The factor for a statement that has to do `works`."""
        for one in self._of_statement(sql):
            own = one.factor(self.overhead_ms)
            if own is not None:
                rows = rows_of(one.works)
                return Factor(self._steadied(one, own), one.spread, Basis.REHEARSED, 1, rows)
        modelled = sum(work.milliseconds for work in works)
        if modelled == 0:
            return Factor(1.0, SPREAD[Basis.ASSUMED], Basis.ASSUMED)
        parts = [(self._of_kind(work.kind), work.milliseconds / modelled) for work in works]
        value = sum(factor.value * share for factor, share in parts)
        spread = sum(factor.spread * share for factor, share in parts)
        weakest = max((f for f, _ in parts), key=lambda f: (list(Basis).index(f.basis), -f.count))
        return Factor(value, spread, weakest.basis, weakest.count)

    def tried(self, sql: str) -> bool:
        """Whether this very statement was timed on scratch, however short it was."""
        return any(self._of_statement(sql))

    def _of_statement(self, sql: str) -> Iterator[Measurement]:
        names = (sql, digest_of(sql))
        for one in self.measurements:
            if one.basis is Basis.REHEARSED and one.sql in names:
                yield one

    def _steadied(self, one: Measurement, own: float) -> float:
        """Its `own` factor, drawn to those of the others the more, the shorter it was.

        A statement that takes 10 ms is as good as all others together; one of a second stands
        for itself. What a machine does beside it hits the short ones hardest.
        """
        others = self._factors(Basis.REHEARSED, one.kind, but=one)
        others = others or self._factors(Basis.REHEARSED, None, but=one)
        if not others:
            return own
        modelled = sum(work.milliseconds for work in one.works)
        weight = modelled / (modelled + STEADY_MS)
        usual = median(factor for factor, _ in others)
        return math.exp(weight * math.log(own) + (1 - weight) * math.log(usual))

    def _of_kind(self, kind: WorkKind) -> Factor:
        """From the best source that has timed this kind; else from what it timed of others."""
        for basis in (Basis.RECORDED, Basis.REHEARSED):
            if found := self._factors(basis, kind):
                return _learned(found, basis, 1.3 if basis is Basis.REHEARSED else 1.0)
        for basis in (Basis.RECORDED, Basis.REHEARSED):
            if found := self._factors(basis, None):
                return _learned(found, basis, 1.5)
        return Factor(1.0, SPREAD[Basis.ASSUMED], Basis.ASSUMED)

    def _factors(
        self, basis: Basis, kind: WorkKind | None, *, but: Measurement | None = None
    ) -> list[tuple[float, Measurement]]:
        """The factors from one source, of one kind of work or of all where None."""
        overhead_ms = self.overhead_ms if basis is Basis.REHEARSED else OVERHEAD_MS
        found = [
            (one.factor(overhead_ms), one)
            for one in self.measurements
            if one.basis is basis and kind in (None, one.kind) and one is not but
        ]
        return [(factor, one) for factor, one in found if factor is not None]


def _learned(found: Sequence[tuple[float, Measurement]], basis: Basis, wider: float) -> Factor:
    """The middle of what was `found`, its spread that of the least sure of them."""
    value = median(factor for factor, _ in found)
    spread = max(one.spread for _, one in found) * wider
    return Factor(value, spread, basis, len(found))


def digest_of(sql: str) -> str:
    """What tells statements apart where their text is not kept, for it may hold values."""
    return hashlib.sha256(sql.encode()).hexdigest()
