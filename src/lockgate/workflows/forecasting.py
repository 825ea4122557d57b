"""Forecasts for statements: the target's statistics, rates from its Ledger and from scratch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lockgate.core.effects import Structure, predict
from lockgate.core.forecast import Basis, Forecast
from lockgate.core.forecasting import Forecastable, forecast_all
from lockgate.core.ledger import LedgerRow
from lockgate.core.preview import Preview, PreviewedRevision, PreviewedStatement
from lockgate.core.rates import Measurement, Rates
from lockgate.core.shape import shape_of_parsed
from lockgate.core.sql.trees import parse_one
from lockgate.core.target import TargetStatistics
from lockgate.core.work import Work, works_of
from lockgate.errors import LockgateError
from lockgate.postgres.connect import Connection
from lockgate.postgres.ledger import read_ledger
from lockgate.postgres.statistics import read_statistics
from lockgate.workflows.destination import Destination

ENTRIES_READ = 200
SHORTEST_RECORDED_MS = 20.0
"""What was shorter than this on the target was over before its rate could show."""


@dataclass(frozen=True, slots=True)
class RecordedStatement:
    """One statement of the Ledger that ran to its end."""

    sql: str
    milliseconds: float
    rows: int | None


@dataclass(frozen=True, slots=True)
class ForecastBasis:
    """What the forecasts for one database rest on: its statistics, what it has seen run."""

    statistics: TargetStatistics
    recorded: tuple[RecordedStatement, ...] = ()
    lock_timeout_ms: float | None = None


def read_basis(connection: Connection, *, lock_timeout_ms: float | None) -> ForecastBasis:
    """The basis of the database that `connection` is on; its identity is the caller's matter.

    Raises StatisticsUnreadable.
    """
    statistics = read_statistics(connection)
    rows, _ = read_ledger(connection, last=ENTRIES_READ)
    return ForecastBasis(statistics, tuple(_recorded(rows)), lock_timeout_ms)


def basis_of(destination: Destination) -> ForecastBasis | None:
    """The basis of the only database of `destination`; None, and a note, where there is none."""
    progress = destination.workspace.progress
    if len(destination.urls) > 1:
        progress.done("note: no forecast: the environment has several databases")
        return None
    with destination.connected(purpose="statistics") as checked:
        (one,) = checked.values()
        return basis_or_note(one.connection, destination)


def basis_or_note(connection: Connection, destination: Destination) -> ForecastBasis | None:
    """The basis of the database that `connection` is on; None, and a note, where it is refused."""
    try:
        return read_basis(connection, lock_timeout_ms=destination.budget.lock_timeout_ms)
    except LockgateError as error:
        destination.workspace.progress.done(f"note: no forecast: {error.message}")
        return None


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
                yield RecordedStatement(statement["sql"], took, statement.get("rows"))


def recorded_rates(
    basis: ForecastBasis, structure: Structure, version: int
) -> tuple[Measurement, ...]:
    """Rates from the Ledger, as if tables had been as large then as they are now.

    Of statements that change rows the Ledger has the number, which is better.
    """
    found = []
    for one in basis.recorded:
        works = _works(one.sql, structure, version, basis.statistics)
        if works and one.rows is not None and works[0].rows:
            share = one.rows / works[0].rows
            works = (replace(works[0], milliseconds=works[0].milliseconds * share),)
        if works:
            found.append(Measurement(one.sql, works, one.milliseconds, Basis.RECORDED))
    return tuple(found)


def _works(
    sql: str, structure: Structure, version: int, statistics: TargetStatistics
) -> tuple[Work, ...]:
    parsed = parse_one(sql)
    effects = predict(parsed, structure, version)
    return works_of(shape_of_parsed(parsed), effects, statistics)


def with_forecasts(
    preview: Preview,
    structure: Structure,
    basis: ForecastBasis,
    *,
    version: int,
    scratch: TargetStatistics | None,
) -> Preview:
    """`preview` with a Forecast for each statement up, from `structure` on.

    `scratch` are the statistics of scratch where it was filled with made-up rows: then what
    each statement took there is what its rate comes from. `structure` is changed.
    """
    rates = Rates(recorded_rates(basis, structure, version))
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
                works = works_of(shape_of_parsed(parsed), effects, scratch)
                took = statement.milliseconds
                timed.append(Measurement(previewed.sql, works, took, Basis.REHEARSED))
            structure.apply(parsed)
    rates = replace(rates, measurements=(*rates.measurements, *timed))
    forecasts = forecast_all(asked, basis.statistics, rates, lock_timeout_ms=basis.lock_timeout_ms)
    return replace(preview, revisions=tuple(_spread(preview.revisions, forecasts)))


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
    rates = Rates(recorded_rates(basis, structure, version))
    return forecast_all(statements, basis.statistics, rates, lock_timeout_ms=basis.lock_timeout_ms)


__all__ = [
    "ForecastBasis",
    "basis_of",
    "basis_or_note",
    "explained_forecasts",
    "read_basis",
    "with_forecasts",
]
