"""Forecasts for statements: the target's statistics, rates from its Ledger and from scratch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lockgate.core.effects import Structure, apply, predict
from lockgate.core.environment import PRIMARY
from lockgate.core.forecast import NOTHING, Basis, Forecast, Span
from lockgate.core.forecasting import WHOLE_RUN, Forecastable, forecast_all
from lockgate.core.ledger import LedgerRow
from lockgate.core.parsed import ParsedStatement
from lockgate.core.preview import Preview, PreviewedStatement
from lockgate.core.rates import Measurement, Rates, digest_of
from lockgate.core.shape import shape_of_parsed
from lockgate.core.sql.picking import picking
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
    computes, None where nothing is to be compared with that. `destination` and `part` are where its
    planner may be asked.
    """

    statistics: TargetStatistics
    recorded: tuple[RecordedStatement, ...] = ()
    lock_timeout_ms: float | None = None
    rehearsed: tuple[RememberedTiming, ...] = ()
    pace_ms: float | None = None
    destination: Destination | None = None
    part: str = PRIMARY


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


def bases_of(destination: Destination, *, paced: bool = False) -> dict[str, ForecastBasis]:
    """The basis of each database of `destination`, by part; a note for one that has none."""
    with destination.connected(purpose="statistics") as checked:
        found = {
            part: basis_or_note(one.connection, destination, part, paced=paced)
            for part, one in checked.items()
        }
    return {part: basis for part, basis in found.items() if basis is not None}


def basis_or_note(
    connection: Connection, destination: Destination, part: str, *, paced: bool = False
) -> ForecastBasis | None:
    """The basis of database `part`, which `connection` is on; None, and a note, where refused."""
    try:
        basis = read_basis(
            connection,
            lock_timeout_ms=destination.budget.lock_timeout_ms,
            rehearsed=remembered_timings(destination.workspace, destination.name, part),
            paced=paced,
            disk_bytes=destination.environment.disk_bytes if destination.environment else None,
        )
    except LockgateError as error:
        destination.workspace.progress.done(f"note: no forecast{_of(part)}: {error.message}")
        return None
    return replace(basis, destination=destination, part=part)


def tell_unseen(basis: ForecastBasis) -> None:
    """A note of what the database did not show."""
    missing, destination = basis.statistics.missing, basis.destination
    if missing and destination is not None:
        destination.workspace.progress.done(
            f"note: forecasts{_of(basis.part)} do without {'; '.join(missing)}"
        )


def _of(part: str) -> str:
    return f" of {part}" if part else ""


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
    structures: Mapping[str, Structure],
    bases: Mapping[str, ForecastBasis],
    *,
    version: int,
    scratch: Mapping[str, ScratchSizes],
    one_transaction: bool = False,
) -> Preview:
    """`preview` with a Forecast for each statement up, from the database that it runs on.

    `structures` are what the databases hold before, by part, as `bases` and `scratch` are; they
    are changed. `scratch` is how large scratch was where it was filled with made-up rows: then
    what each statement took there is what its rate comes from. `one_transaction` says that
    `env.py` commits all Revisions, and all databases, at the end.
    """
    found: dict[int, Forecast] = {}
    afterwards = NOTHING
    order = dict.fromkeys(s.part for one in preview.revisions for s in one.up)
    for part in reversed(order):  # the last database is the first to be done with
        if part not in bases:
            continue
        tell_unseen(bases[part])
        sent = tuple(s for one in preview.revisions for s in one.up if s.part == part)
        database = _Database(bases[part], structures[part], version, scratch.get(part))
        forecasts = database.forecasts(sent, afterwards, one_transaction=one_transaction)
        found |= {id(s): one for s, one in zip(sent, forecasts, strict=True)}
        if one_transaction:
            for one in forecasts:
                afterwards = afterwards.plus(one.duration_ms)
    return replace(
        preview,
        revisions=tuple(
            replace(one, up=tuple(_with(s, found.get(id(s))) for s in one.up))
            for one in preview.revisions
        ),
    )


@dataclass(frozen=True, slots=True)
class _Database:
    """One database, what it holds, and how large scratch was that stood for it."""

    basis: ForecastBasis
    structure: Structure
    version: int
    scratch: ScratchSizes | None

    def forecasts(
        self, sent: Sequence[PreviewedStatement], afterwards: Span, *, one_transaction: bool
    ) -> tuple[Forecast, ...]:
        """A Forecast for each of `sent`, which begin at the structure and change it."""
        basis = self.basis
        known = _known(basis, self.structure, self.version)
        asked: list[Forecastable] = []
        timed: list[Measurement] = []
        for previewed in sent:
            statement = previewed.statement
            parsed = parse_one(previewed.sql)
            effects = predict(parsed, self.structure, self.version)
            own = WHOLE_RUN if one_transaction else statement.revision
            transaction = own if statement.transactional else None
            asked.append(Forecastable(previewed.sql, effects, transaction))
            if self.scratch is not None and statement.milliseconds is not None:
                works = works_of(shape_of_parsed(parsed), effects, self.scratch.statistics)
                works = counted(works, statement.rows)
                ratio = machine(basis.pace_ms, self.scratch.pace_ms)
                took = statement.milliseconds
                timed.append(Measurement(previewed.sql, works, took, Basis.REHEARSED, ratio))
            apply(self.structure, parsed)
        # What ran just now comes before what is remembered of it.
        again = {digest_of(one.sql) for one in timed}
        return forecast_all(
            _with_estimates(asked, basis),
            basis.statistics,
            Rates((*timed, *(one for one in known if one.sql not in again))),
            lock_timeout_ms=basis.lock_timeout_ms,
            afterwards=afterwards,
        )


def _with_estimates(
    asked: Sequence[Forecastable], basis: ForecastBasis
) -> tuple[Forecastable, ...]:
    """`asked` with the rows that the target's own planner expects each to change."""
    changing = {one.sql: picked for one in asked if (picked := picking(one.sql)) is not None}
    if not changing or basis.destination is None:
        return tuple(asked)
    try:
        with connected_to_read(basis.destination, basis.part, purpose="estimates") as connection:
            found = read_estimates(connection, changing.values())
    except LockgateError:
        return tuple(asked)  # a forecast is no reason to fail where one was read a moment ago
    return tuple(replace(one, changed_rows=found.get(changing.get(one.sql, ""))) for one in asked)


def _with(previewed: PreviewedStatement, forecast: Forecast | None) -> PreviewedStatement:
    if previewed.statement.bookkeeping:
        return previewed
    return replace(previewed, forecast=forecast)


@dataclass(frozen=True, slots=True)
class SizedDatabase:
    """What one database holds, and what forecasts for it rest on."""

    structure: Structure
    basis: ForecastBasis


class Forecaster:
    """Forecasts for the statements of a script on one database, each a transaction by itself."""

    def __init__(self, database: SizedDatabase, version: int) -> None:
        self.basis, self.structure = database.basis, database.structure.copy()
        self.version = version
        tell_unseen(self.basis)
        self.rates = Rates(_known(self.basis, self.structure, version))

    def forecasts(self, statements: Sequence[ParsedStatement]) -> tuple[tuple[Forecast, bool], ...]:
        """One for each of the next statements, and whether it touches a table that is there."""
        asked: list[Forecastable] = []
        concerned: list[bool] = []
        there = self.basis.statistics.relation
        for parsed in statements:
            effects = predict(parsed, self.structure, self.version)
            asked.append(Forecastable(parsed.sql, effects))
            concerned.append(any(there(effect.relation) is not None for effect in effects.effects))
            apply(self.structure, parsed)
        forecasts = forecast_all(
            _with_estimates(asked, self.basis),
            self.basis.statistics,
            self.rates,
            lock_timeout_ms=self.basis.lock_timeout_ms,
        )
        return tuple(zip(forecasts, concerned, strict=True))


__all__ = [
    "ForecastBasis",
    "Forecaster",
    "SizedDatabase",
    "bases_of",
    "basis_or_note",
    "read_basis",
    "with_forecasts",
]
