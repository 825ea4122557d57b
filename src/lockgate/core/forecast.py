"""What a statement will cost on a database of known size and traffic: the values.

Working them out is `core.forecasting`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Basis(StrEnum):
    """Where a rate comes from, the surest first."""

    REHEARSED = "rehearsed"
    RECORDED = "recorded"
    ASSUMED = "assumed"


class Sureness(StrEnum):
    """How far a Forecast may be trusted."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class Span:
    """An expected number, and between what it should lie."""

    low: float
    expected: float
    high: float

    def plus(self, other: Span) -> Span:
        """Both one after the other."""
        return Span(self.low + other.low, self.expected + other.expected, self.high + other.high)

    def times(self, rate: float, *, at_most: float) -> Span:
        """What comes up meanwhile at `rate`, and no more than there can be."""
        return Span(
            min(self.low * rate, at_most),
            min(self.expected * rate, at_most),
            min(self.high * rate, at_most),
        )

    def rounded(self) -> Span:
        """To a tenth."""
        return Span(round(self.low, 1), round(self.expected, 1), round(self.high, 1))


NOTHING = Span(0, 0, 0)


@dataclass(frozen=True, slots=True)
class AffectedStatement:
    """A statement of the application that would wait, or that uses what goes away.

    `loses` is the column or table that it uses and that goes; None where it only waits.
    """

    sql: str
    calls_per_second: float | None
    relation: str
    loses: str | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one statement will cost.

    `duration_ms` is its own; `reads_blocked_ms` and `writes_blocked_ms` go on until the
    transaction ends that it stands in, and begin while it still waits for its lock.
    `queued_sessions` is how many would come to wait, None where nobody counts them. `rows` and
    `table_bytes` are those of the relations that it works on, `bloat_bytes` what of them no row
    needs, an estimate. `needed_bytes` are all that it takes
    of the disk, WAL too; `fits` is whether there is room, None where that is not known. `reasons`
    say what the rest rests on.
    """

    duration_ms: Span
    reads_blocked_ms: Span
    writes_blocked_ms: Span
    queued_sessions: Span | None
    rows: int
    table_bytes: int
    bloat_bytes: int
    wal_bytes: int
    disk_bytes: int
    needed_bytes: int
    free_disk_bytes: int | None
    fits: bool | None
    sureness: Sureness
    basis: Basis
    reasons: tuple[str, ...]
    statements: tuple[AffectedStatement, ...] = ()
