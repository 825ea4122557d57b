"""Forecasts for statements: the target's statistics, rates from its Ledger and from scratch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lockgate.core.effects import Structure, apply, predict
from lockgate.core.forecast import Basis, Forecast
from lockgate.core.forecasting import Forecastable, forecast_all
from lockgate.core.ledger import LedgerRow
from lockgate.core.preview import Preview, PreviewedRevision, PreviewedStatement
from lockgate.core.rates import Measurement, Rates, digest_of
from lockgate.core.shape import shape_of_parsed
from lockgate.core.sql.trees import parse_one
from lockgate.core.target import TargetStatistics
from lockgate.core.timings import counted, read_measurement, works_in
from lockgate.core.work import works_of
from lockgate.errors import LockgateError
from lockgate.postgres.connect import Connection
from lockgate.postgres.ledger import read_ledger
from lockgate.postgres.statistics import read_estimates, read_pace, read_statistics
from lockgate.workflows.destination import Destination, connected_to_read
from lockgate.workflows.remembering import (
    RememberedTiming,
    ScratchSizes,
    machine,
    on_machine,
    remembered_timings,
)
from lockgate.workflows.timing import SHORTEST_RECORDED_MS

ENTRIES_READ = 200


@dataclass(frozen=True, slots=True)
class RecordedStatement:
    """One statement of the Ledger that ran to its end; `works` is what JSON has of them."""

    sql: str
    milliseconds: float
    rows: int | None
    works: object = None


@dataclass(frozen=True, slots=True)
class ForecastBasis:
    """What the forecasts for one database rest on.

    Its statistics, what it has seen run, what scratch took for it before, and how fast it
    computes, None where nothing is to be compared with that. `destination` is where its planner
    may be asked.
    """

    statistics: TargetStatistics
    recorded: tuple[RecordedStatement, ...] = ()
    lock_timeout_ms: float | None = None
    rehearsed: tuple[RememberedTiming, ...] = ()
    pace_ms: float | None = None
    destination: Destination | None = None


def read_basis(
    connection: Connection,
    *,
    lock_timeout_ms: float | None,
    rehearsed: tuple[RememberedTiming, ...] = (),
    paced: bool = False,
    disk_bytes: int | None = None,
) -> ForecastBasis:
    """The basis of the database that `connection` is on; its identity is the caller's matter.

    `paced` asks it for its pace even where nothing was rehearsed so far. Raises
    StatisticsUnreadable.
    """
    statistics = read_statistics(connection, disk_bytes=disk_bytes)
    rows, _ = read_ledger(connection, last=ENTRIES_READ)
    pace_ms = read_pace(connection) if rehearsed or paced else None
    return ForecastBasis(statistics, tuple(_recorded(rows)), lock_timeout_ms, rehearsed, pace_ms)


def basis_of(destination: Destination, *, paced: bool = False) -> ForecastBasis | None:
    """The basis of the only database of `destination`; None, and a note, where there is none."""
    progress = destination.workspace.progress
    if len(destination.urls) > 1:
        progress.done("note: no forecast: the environment has several databases")
        return None
    with destination.connected(purpose="statistics") as checked:
        (one,) = checked.values()
        return basis_or_note(one.connection, destination, paced=paced)


def basis_or_note(
    connection: Connection, destination: Destination, *, paced: bool = False
) -> ForecastBasis | None:
    """The basis of the database that `connection` is on; None, and a note, where it is refused."""
    try:
        basis = read_basis(
            connection,
            lock_timeout_ms=destination.budget.lock_timeout_ms,
            rehearsed=remembered_timings(destination.workspace, destination.name),
            paced=paced,
            disk_bytes=destination.environment.disk_bytes if destination.environment else None,
        )
    except LockgateError as error:
        destination.workspace.progress.done(f"note: no forecast: {error.message}")
        return None
    return replace(basis, destination=destination)


def _tell_unseen(basis: ForecastBasis) -> None:
    missing, destination = basis.statistics.missing, basis.destination
    if missing and destination is not None:
        destination.workspace.progress.done(f"note: forecasts do without {'; '.join(missing)}")


def _recorded(rows: Iterable[LedgerRow]) -> Iterable[RecordedStatement]:
    for row in rows:
        try:
            entry = json.loads(row.text)
        except ValueError:
            continue
        if entry.get("outcome") != "done":
            continue
        for statement in entry.get("statements", ()):
            took = statement.get("milliseconds")
            if took is not None and took >= SHORTEST_RECORDED_MS:
                yield RecordedStatement(
                    statement["sql"], took, statement.get("rows"), statement.get("works")
                )


def recorded_rates(
    basis: ForecastBasis, structure: Structure, version: int
) -> tuple[Measurement, ...]:
    """Rates from the Ledger.

    Where a row does not say how large the tables were, only statements whose rows it counted
    tell anything: the tables are others now.
    """
    found = []
    for one in basis.recorded:
        if one.works:
            measured = read_measurement(one.sql, one.works, one.milliseconds, Basis.RECORDED)
        elif one.rows is not None and one.rows >= 0:
            works = works_in(parse_one(one.sql), structure, version, basis.statistics)
            works = tuple(w for w in counted(works, one.rows) if w.rows == one.rows)
            measured = Measurement(one.sql, works, one.milliseconds, Basis.RECORDED)
        else:
            measured = None
        if measured is not None and measured.works:
            found.append(measured)
    return tuple(found)


def _known(basis: ForecastBasis, structure: Structure, version: int) -> tuple[Measurement, ...]:
    """All that was timed before: in the Ledger, and on scratch, the newest first."""
    rehearsed = [on_machine(timed, basis.pace_ms) for timed in reversed(basis.rehearsed)]
    return (*recorded_rates(basis, structure, version), *rehearsed)


def with_forecasts(
    preview: Preview,
    structure: Structure,
    basis: ForecastBasis,
    *,
    version: int,
    scratch: ScratchSizes | None,
) -> Preview:
    """`preview` with a Forecast for each statement up, from `structure` on.

    `scratch` is how large scratch was where it was filled with made-up rows: then what each
    statement took there is what its rate comes from. `structure` is changed.
    """
    _tell_unseen(basis)
    known = _known(basis, structure, version)
    asked: list[Forecastable] = []
    timed: list[Measurement] = []
    for one in preview.revisions:
        for previewed in one.up:
            statement = previewed.statement
            parsed = parse_one(previewed.sql)
            effects = predict(parsed, structure, version)
            transaction = one.revision if statement.transactional else None
            asked.append(Forecastable(previewed.sql, effects, transaction))
            if scratch is not None and statement.milliseconds is not None:
                works = works_of(shape_of_parsed(parsed), effects, scratch.statistics)
                works = counted(works, statement.rows)
                took, ratio = statement.milliseconds, machine(basis.pace_ms, scratch.pace_ms)
                timed.append(Measurement(previewed.sql, works, took, Basis.REHEARSED, ratio))
            apply(structure, parsed)
    # What ran just now comes before what is remembered of it.
    again = {digest_of(one.sql) for one in timed}
    rates = Rates((*timed, *(one for one in known if one.sql not in again)))
    estimated = _with_estimates(asked, basis)
    forecasts = forecast_all(
        estimated, basis.statistics, rates, lock_timeout_ms=basis.lock_timeout_ms
    )
    return replace(preview, revisions=tuple(_spread(preview.revisions, forecasts)))


def _with_estimates(
    asked: Sequence[Forecastable], basis: ForecastBasis
) -> tuple[Forecastable, ...]:
    """`asked` with the rows that the target's own planner expects each to change."""
    changing = [one.sql for one in asked if _picks_rows(one.sql)]
    if not changing or basis.destination is None:
        return tuple(asked)
    try:
        first = next(iter(basis.destination.urls))
        with connected_to_read(basis.destination, first, purpose="estimates") as connection:
            found = read_estimates(connection, changing)
    except LockgateError:
        return tuple(asked)  # a forecast is no reason to fail where one was read a moment ago
    return tuple(replace(one, changed_rows=found.get(one.sql)) for one in asked)


def _picks_rows(sql: str) -> bool:
    """Whether it changes rows whose number its text does not say."""
    rows = shape_of_parsed(parse_one(sql)).rows
    return rows is not None and (rows.verb != "INSERT" or rows.from_query)


def _spread(
    revisions: Iterable[PreviewedRevision], forecasts: Sequence[Forecast]
) -> Iterable[PreviewedRevision]:
    left = iter(forecasts)
    for one in revisions:
        yield replace(one, up=tuple(_with(statement, next(left)) for statement in one.up))


def _with(previewed: PreviewedStatement, forecast: Forecast) -> PreviewedStatement:
    if previewed.statement.bookkeeping:
        return previewed
    return replace(previewed, forecast=forecast)


def explained_forecasts(
    statements: Sequence[Forecastable],
    basis: ForecastBasis,
    structure: Structure,
    *,
    version: int,
) -> tuple[Forecast, ...]:
    """A Forecast for each statement of a script, each a transaction by itself."""
    _tell_unseen(basis)
    rates = Rates(_known(basis, structure, version))
    estimated = _with_estimates(statements, basis)
    return forecast_all(estimated, basis.statistics, rates, lock_timeout_ms=basis.lock_timeout_ms)


__all__ = [
    "ForecastBasis",
    "basis_of",
    "basis_or_note",
    "explained_forecasts",
    "read_basis",
    "with_forecasts",
]
