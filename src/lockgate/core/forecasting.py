"""What a statement will cost on a database of known size and traffic.

Works out how long it takes, for how long it blocks whom, what it writes, and how sure that is.
What it locks and touches comes from its Effects, how large and busy that is from
TargetStatistics, how fast the server works from `core.rates`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lockgate.core.ddl.text import split_name
from lockgate.core.duration import format_duration
from lockgate.core.effect import Effect, Evidence, StatementEffects
from lockgate.core.forecast import (
    NOTHING,
    AffectedStatement,
    Basis,
    Forecast,
    Span,
    Sureness,
)
from lockgate.core.health import Replica
from lockgate.core.rates import Factor, Rates
from lockgate.core.senders import senders, senders_through_keys, senders_through_views
from lockgate.core.shape import Shape, shape_of
from lockgate.core.size import format_bytes
from lockgate.core.sql import without_values
from lockgate.core.target import ApplicationStatement, RelationStatistics, TargetStatistics
from lockgate.core.uses import Uses
from lockgate.core.work import DEFAULT_KEY_WIDTH, OVERHEAD_MS, Work, rows_of, works_of

STATEMENTS_SHOWN = 5
NOTICED_MS = 1_000.0
"""How long a transaction has to be open to be told."""
SHORT_WINDOW_S = 600.0
"""Traffic of less time may be that of one job, or of nobody."""
NOTICED_WAL_BYTES = 10_000_000


WHOLE_RUN = "the whole run"
"""The transaction of statements that `env.py` commits all at once."""


@dataclass(frozen=True, slots=True)
class Forecastable:
    """A statement with its Effects; those of one `transaction` end together, None is alone.

    `changed_rows` is how many rows the server's planner expects it to change, None where it was
    not asked or did not say.
    """

    sql: str
    effects: StatementEffects
    transaction: str | None = None
    changed_rows: float | None = None


def forecast_all(
    statements: Sequence[Forecastable],
    target: TargetStatistics,
    rates: Rates,
    *,
    lock_timeout_ms: float | None = None,
    afterwards: Span = NOTHING,
) -> tuple[Forecast, ...]:
    """A Forecast for each statement, its locks held until its transaction is over.

    The last transaction goes on for `afterwards` once the last statement has ended.
    """
    durations = [_duration(one, target, rates) for one in statements]
    last = statements[-1].transaction if statements else None
    found = []
    for place, (one, took) in enumerate(zip(statements, durations, strict=True)):
        after = afterwards if one.transaction is not None and one.transaction == last else NOTHING
        for later, other in zip(statements[place + 1 :], durations[place + 1 :], strict=True):
            if one.transaction is None or later.transaction != one.transaction:
                break
            after = after.plus(other.span)
        found.append(_forecast(one, took, after, target, lock_timeout_ms))
    return tuple(found)


def forecast(
    sql: str,
    effects: StatementEffects,
    target: TargetStatistics,
    rates: Rates,
    *,
    lock_timeout_ms: float | None = None,
) -> Forecast:
    """The Forecast of a statement that is a transaction by itself."""
    alone = Forecastable(sql, effects)
    return forecast_all((alone,), target, rates, lock_timeout_ms=lock_timeout_ms)[0]


@dataclass(frozen=True, slots=True)
class _Duration:
    span: Span
    shape: Shape
    works: tuple[Work, ...]
    factor: Factor
    reasons: tuple[str, ...]
    unseen: bool = False


def _duration(one: Forecastable, target: TargetStatistics, rates: Rates) -> _Duration:
    shape = shape_of(one.sql)
    works = works_of(shape, one.effects, target, changed_rows=one.changed_rows)
    factor = rates.factor_for(one.sql, works)
    spread, reasons = (
        factor.spread,
        [_basis_in_words(factor, tried=rates.tried(one.sql))] if works else [],
    )
    tables = [t for t in map(target.relation, {work.relation for work in works}) if t]
    unknown = sorted(table.name for table in tables if not table.analyzed)
    if unknown:
        spread *= 1.5
        reasons.append(f"{', '.join(unknown)} was never analyzed: its rows are guessed")
    unseen = not works and any(e.evidence is Evidence.UNKNOWN for e in one.effects.effects)
    if unseen:
        reasons.append("how long is not known, for what it works on is not")
    hidden = sorted({name for table in tables for name in _hidden_keys(shape, table)})
    if hidden and not factor.timed_rows:
        spread *= 1.5
        reasons.append(
            f"the width of {', '.join(hidden)} is not known: {DEFAULT_KEY_WIDTH} bytes are assumed"
        )
    rows = rows_of(works)
    if factor.timed_rows and rows > 30 * factor.timed_rows:
        spread *= 1.3
        reasons.append(f"it was timed on {factor.timed_rows:,.0f} rows, {rows:,.0f} are there")
    if works and one.changed_rows is not None:
        reasons.append(f"the server's planner expects it to change {one.changed_rows:,.0f} rows")
    low = 1.0
    if any(not work.sure for work in works):
        low = 0.0  # no row may be concerned at all
        spread *= 2
        reasons.append("how many rows it concerns is not known: a third is assumed")
    if shape.rows is not None and shape.rows.verb != "INSERT" and works:
        reasons.append("the rows that it changes stay locked until its transaction ends")
    if _waits_for_others(shape):
        oldest = target.oldest_transaction_ms or 0
        age = f", one is open for {format_duration(oldest)}" if oldest >= NOTICED_MS else ""
        reasons.append(f"it also waits for every transaction that is older than itself{age}")
    milliseconds = sum(work.milliseconds for work in works) * factor.value
    span = Span(
        OVERHEAD_MS / 2 + low * milliseconds / spread,
        OVERHEAD_MS + milliseconds,
        OVERHEAD_MS * 10 + milliseconds * spread + _cold_ms(works, tables, target),
    )
    return _Duration(span, shape, works, factor, tuple(reasons), unseen)


def _hidden_keys(shape: Shape, table: RelationStatistics) -> set[str]:
    """The columns of new indexes whose statistics this role may not see."""
    keys = {name for index in shape.indexes for name in index.columns if name is not None}
    return keys & set(table.unreadable)


def _waits_for_others(shape: Shape) -> bool:
    return any(index.concurrent for index in shape.indexes)


COLD_BYTES_PER_MS = 200_000
"""200 MB/s: what a volume in a cloud reads, where a table is in no cache."""


def _cold_ms(
    works: Iterable[Work], tables: Iterable[RelationStatistics], target: TargetStatistics
) -> float:
    """What reading adds where the tables are larger than the server's own cache."""
    size = sum(table.heap_bytes + table.toast_bytes for table in tables)
    return size / COLD_BYTES_PER_MS if size > target.settings.shared_buffers_bytes else 0.0


def _basis_in_words(factor: Factor, *, tried: bool) -> str:
    alike = f"{factor.count} statement{'s' * (factor.count != 1)}"
    match factor.basis:
        case Basis.REHEARSED if factor.timed_rows:
            return f"timed on scratch with {factor.timed_rows:,.0f} made-up rows"
        case Basis.REHEARSED:
            return f"rates of {alike}, timed on scratch with made-up rows"
        case Basis.RECORDED:
            return f"rates of {alike} in this database's ledger"
    if tried:
        return "assumed rates: on scratch it was over too soon to tell, a larger --rows would"
    return "assumed rates: preview with --rows to have them measured"


def _forecast(
    one: Forecastable,
    took: _Duration,
    after: Span,
    target: TargetStatistics,
    lock_timeout_ms: float | None,
) -> Forecast:
    reasons = list(took.reasons)
    held = took.span.plus(after)
    if after.expected and any(effect.blocks for effect in one.effects.effects):
        until = "all revisions are in" if one.transaction == WHOLE_RUN else "its revision is in"
        reasons.append(f"its locks are held until {until}: one transaction")
    held, waited = _with_lock_wait(held, one.effects, target, lock_timeout_ms)
    reasons += waited
    existing = [e for e in one.effects.effects if target.relation(e.relation) is not None]
    blocked = {
        what: held if any(what in effect.blocks for effect in existing) else NOTHING
        for what in ("reads", "writes")
    }
    affected = _affected(existing, took.shape, target)
    queue = _queue(existing, blocked, affected, target)
    if queue is not None and queue.high >= 1 and (short := _short_window(affected, target)):
        reasons.append(f"how busy it is was counted for {format_duration(short * 1_000)} only")
    disk = sum(work.disk_bytes for work in took.works)
    wal = sum(work.wal_bytes for work in took.works)
    if wal >= NOTICED_WAL_BYTES and target.replicas:
        reasons.append(_replicas_in_words(target.replicas, wal))
    # WAL is recycled beyond max_wal_size, unless a replica or an archive falls behind.
    needed = disk + min(wal, target.settings.max_wal_size_bytes)
    free = target.free_disk_bytes
    worked_on = {work.relation for work in took.works}
    tables = [table for name in worked_on if (table := target.relation(name))]
    return Forecast(
        duration_ms=took.span.rounded(),
        reads_blocked_ms=blocked["reads"].rounded(),
        writes_blocked_ms=blocked["writes"].rounded(),
        queued_sessions=None if queue is None else queue.rounded(),
        rows=sum(table.rows for table in tables),
        table_bytes=sum(table.total_bytes for table in tables),
        bloat_bytes=sum(table.all_bloat_bytes for table in tables),
        wal_bytes=int(wal),
        disk_bytes=int(disk),
        needed_bytes=int(needed),
        free_disk_bytes=free,
        fits=True if not needed else None if free is None else needed < free,
        sureness=_sureness(took),
        basis=took.factor.basis,
        reasons=tuple(reasons),
        statements=tuple(affected[:STATEMENTS_SHOWN]),
    )


def _replicas_in_words(replicas: Sequence[Replica], wal_bytes: float) -> str:
    """Who has to follow: until then they are behind, and the WAL stays on the disk."""
    number = f"{len(replicas)} replica{'s' * (len(replicas) != 1)}"
    behind = max((replica.lag_ms or 0 for replica in replicas), default=0)
    now = f", {format_duration(behind)} behind now," if behind >= NOTICED_MS else ""
    return f"{number}{now} will have {format_bytes(wal_bytes)} of WAL to follow"


def _with_lock_wait(
    held: Span,
    effects: StatementEffects,
    target: TargetStatistics,
    lock_timeout_ms: float | None,
) -> tuple[Span, list[str]]:
    """`held` with the time in which everybody waits behind a statement that waits for its lock."""
    oldest = target.oldest_transaction_ms
    strong = [e.relation for e in effects.effects if e.blocks and target.relation(e.relation)]
    if not strong or not oldest or oldest < NOTICED_MS:
        return held, []
    wait = oldest if lock_timeout_ms is None else min(oldest, lock_timeout_ms)
    reason = (
        f"a transaction is open for {format_duration(oldest)}: if it uses the table, everybody "
        f"waits behind this statement for up to {format_duration(wait)}"
    )
    return replace(held, high=held.high + wait), [reason]


def _queue(
    effects: Iterable[Effect],
    blocked: dict[str, Span],
    affected: Sequence[AffectedStatement],
    target: TargetStatistics,
) -> Span | None:
    """Sessions that come to wait, from the application's own statements or the table's traffic."""
    waiting = [s for s in affected if s.calls_per_second is not None]
    limit = float(target.settings.max_connections)
    longest = max(blocked.values(), key=lambda span: span.expected)
    if not longest.expected:
        return NOTHING
    if waiting:
        return _in_seconds(longest).times(
            sum(s.calls_per_second or 0 for s in waiting), at_most=limit
        )
    rate: float | None = None
    for effect in effects:
        table = target.relation(effect.relation)
        if table is None or not effect.blocks or table.kind == "partitioned table":
            continue
        for what, seen in (("reads", table.traffic.reads), ("writes", table.traffic.writes)):
            if what in effect.blocks and seen is not None:
                rate = (rate or 0) + seen
    return None if rate is None else _in_seconds(longest).times(rate, at_most=limit)


def _short_window(affected: Sequence[AffectedStatement], target: TargetStatistics) -> float | None:
    """The seconds that the rates behind a queue were counted, where that is not long."""
    by_statement = any(s.calls_per_second is not None for s in affected)
    seconds = target.statements_seconds if by_statement else target.counted_seconds
    return seconds if seconds is not None and seconds < SHORT_WINDOW_S else None


def _in_seconds(span: Span) -> Span:
    return Span(span.low / 1_000, span.expected / 1_000, span.high / 1_000)


def _affected(
    effects: Iterable[Effect], shape: Shape, target: TargetStatistics
) -> list[AffectedStatement]:
    """The application's statements that wait for it or use what it takes away, the busiest first.

    One that loses something stands before those that only wait.
    """
    found: dict[str, AffectedStatement] = {}

    def add(sent: ApplicationStatement, relation: str, lost: str | None = None) -> None:
        known = found.get(sent.sql)
        if known is None or (lost is not None and known.loses is None):
            sql = without_values(sent.sql)
            found[sent.sql] = AffectedStatement(sql, sent.calls_per_second, relation, lost)

    for effect in effects:
        if not effect.blocks:
            continue
        name = effect.relation
        for sent, uses in senders(target, name):
            lost = _lost(shape, name, uses)
            if lost is not None or "reads" in effect.blocks or _changes(uses, name):
                add(sent, name, lost)
        for sent, uses, view in senders_through_views(target, name):
            # What a view uses does not go away under it; but who asks the view waits.
            if "reads" in effect.blocks or _changes(uses, view):
                add(sent, name)
        for sent in senders_through_keys(target, name, effect.mode):
            add(sent, name)
        for parent in target.ancestors(name):  # who names it locks its partitions, too
            for sent, uses in senders(target, parent):
                if "reads" in effect.blocks or _changes(uses, parent):
                    add(sent, name)
    return sorted(
        found.values(), key=lambda s: (s.loses is None, -(s.calls_per_second or 0), s.sql)
    )


def _changes(uses: Uses, relation: str) -> bool:
    return bool({relation, split_name(relation)[-1]} & uses.changes)


def _lost(shape: Shape, relation: str, uses: Uses) -> str | None:
    """What of `relation` goes away that a statement with these `uses` needs."""
    if shape.table is None or not (shape.table == relation or relation.endswith(f".{shape.table}")):
        return None
    for gone in shape.gone:
        if gone is None:
            return relation
        if uses.takes(gone, {relation, split_name(relation)[-1]}):
            return gone
    return None


def _sureness(took: _Duration) -> Sureness:
    if not took.works:
        return Sureness.POOR if took.unseen else Sureness.GOOD
    if took.factor.basis is Basis.ASSUMED or any(not work.sure for work in took.works):
        return Sureness.POOR
    return Sureness.GOOD if took.span.high <= 3 * took.span.expected else Sureness.FAIR
