"""What a Statement does to the relations that it touches: the values, whoever found them out.

Predicting them is `core.effects`', seeing them happen `postgres.observe`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LockMode(StrEnum):
    """A mode of PostgreSQL's table-level locks, the weakest first."""

    ACCESS_SHARE = "ACCESS SHARE"
    ROW_SHARE = "ROW SHARE"
    ROW_EXCLUSIVE = "ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"

    @property
    def strength(self) -> int:
        """Its place in PostgreSQL's own order, from 1 to 8."""
        return _STRENGTH[self]

    @property
    def blocks(self) -> tuple[str, ...]:
        """`reads`, `writes`, both or neither: what of an application waits for it."""
        if self is LockMode.ACCESS_EXCLUSIVE:
            return ("reads", "writes")
        return ("writes",) if self.strength >= LockMode.SHARE.strength else ()


_STRENGTH = {mode: strength for strength, mode in enumerate(LockMode, start=1)}


class Evidence(StrEnum):
    """How an Effect is known. Observed beats predicted; what is unknown counts as dangerous."""

    PREDICTED = "predicted"
    OBSERVED = "observed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Toast:
    """The strongest locks on the TOAST table of a relation, and on the index of that."""

    mode: LockMode
    index: LockMode | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What one Statement does to one relation while it runs.

    `relation` is qualified and quoted where it has to be, as in a Catalog; `mode` is the
    strongest lock that it holds there. `scans` is reading the whole relation, `rewrites` writing
    it anew. `builds` are the indexes of it that are built, as relations are named. A relation is
    `out_of_use` where nobody looks at it any more when the lock is taken, as with an index that is
    dropped CONCURRENTLY. Its TOAST table is named by a number that only the server knows, and goes
    with it: `toast` is None where nothing locks that for longer than a row takes. `passing` is a
    mode that is let go before the work begins, which stands under one that blocks nobody.
    """

    relation: str
    mode: LockMode
    rewrites: bool = False
    scans: bool = False
    builds: tuple[str, ...] = ()
    evidence: Evidence = Evidence.PREDICTED
    out_of_use: bool = False
    toast: Toast | None = None
    passing: bool = False

    @property
    def blocks(self) -> tuple[str, ...]:
        """What of an application waits: `reads`, `writes`, both or neither."""
        return () if self.out_of_use or self.passing else self.mode.blocks


class Transactional(StrEnum):
    """Whether a Statement may stand in a transaction block."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class StatementEffects:
    """All that is known of one Statement: its Effects, the strongest lock first.

    What is out of use comes last.

    `fails_if_rows` is whether it is refused as soon as the table has a row, whatever the row.
    """

    effects: tuple[Effect, ...] = ()
    transaction: Transactional = Transactional.ALLOWED
    fails_if_rows: bool = False

    def __post_init__(self) -> None:
        ordered = sorted(self.effects, key=_order)
        object.__setattr__(self, "effects", tuple(ordered))


def _order(effect: Effect) -> tuple[int, str]:
    return 0 if effect.out_of_use else -effect.mode.strength, effect.relation
