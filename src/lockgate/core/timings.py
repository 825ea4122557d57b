"""What was timed, as the Ledger and the state directory keep it, and read back.

A timing is kept with the work that there was: kind, rows, and how long the model of `core.work`
takes it to be. So it needs nothing of the table that was there then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lockgate.core.effects import Structure, predict
from lockgate.core.forecast import Basis
from lockgate.core.ledger import LedgerWork
from lockgate.core.parsed import ParsedStatement
from lockgate.core.rates import SHORTEST_MS, Measurement
from lockgate.core.shape import shape_of_parsed
from lockgate.core.target import TargetStatistics
from lockgate.core.work import Work, WorkKind, works_of


def works_in(
    parsed: ParsedStatement, structure: Structure, version: int, statistics: TargetStatistics
) -> tuple[Work, ...]:
    """What a statement has to do from `structure` on, on a server of major `version`."""
    effects = predict(parsed, structure, version)
    return works_of(shape_of_parsed(parsed), effects, statistics)


def counted(works: tuple[Work, ...], rows: int | None) -> tuple[Work, ...]:
    """`works` of a statement that changed `rows`, as many as that and not as many as estimated."""
    if rows is None or len(works) != 1 or not works[0].rows:
        return works
    (one,) = works
    if one.kind not in (WorkKind.INSERT, WorkKind.UPDATE, WorkKind.DELETE):
        return works
    share = rows / one.rows
    return (replace(one, rows=rows, milliseconds=one.milliseconds * share),)


def kept_works(works: Iterable[Work]) -> tuple[LedgerWork, ...]:
    """`works` as they are kept."""
    return tuple(
        LedgerWork(work.kind.value, work.relation, round(work.rows), round(work.milliseconds, 3))
        for work in works
    )


def tells_a_rate(works: Iterable[LedgerWork]) -> bool:
    """Whether `works` are enough for a rate to show in the time that they take."""
    return sum(work.model_ms for work in works) >= SHORTEST_MS


def read_measurement(
    sql: str, works: object, milliseconds: float, basis: Basis
) -> Measurement | None:
    """The Measurement that `works`, as JSON keeps them, make; None where they cannot be read."""
    if not isinstance(works, list):
        return None
    try:
        found = tuple(map(_work, works))
    except (KeyError, TypeError, ValueError):
        return None  # of an older or newer lockgate, or by somebody else
    return Measurement(sql, found, milliseconds, basis)


def _work(kept: Mapping[str, Any]) -> Work:  # Any: JSON before it is checked
    return Work(
        WorkKind(kept["kind"]),
        str(kept["relation"]),
        float(kept["rows"]),
        float(kept["model_ms"]),
    )
