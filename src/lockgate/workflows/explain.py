"""`lockgate explain`: the Effects of statements, each on what the ones before it left.

What exists beforehand is nothing, a file of statements, or the structure of an environment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from lockgate.core.effects import Structure
from lockgate.core.linter import Answer, LintedStatement, UnitLinter, by_subject
from lockgate.core.rule import Unit
from lockgate.core.script import Source, read_script
from lockgate.workflows.existing import sizes_together
from lockgate.workflows.linting import choose_rules
from lockgate.workflows.sql_files import uncollected

if TYPE_CHECKING:
    from lockgate.core.forecast import Forecast
    from lockgate.workflows.forecasting import SizedDatabase

FORECAST_TOGETHER = 100
"""Answers whose rows the target's planner is asked for in one connection."""


def explain(
    script: Source,
    structure: Structure,
    *,
    version: int,
    file: str | None = None,
    databases: Mapping[str, SizedDatabase] | None = None,
) -> Iterator[Answer]:
    """What each statement of `script` does, what the rules say of it, and what it would cost.

    The last only for `databases`, by part. `structure` becomes what the script leaves. Answers as
    it reads.
    """
    unit = Unit(structure, version, file=file, complete=structure.complete)
    unit.target = sizes_together(one.basis.statistics for one in (databases or {}).values())
    linter = UnitLinter(by_subject(choose_rules()), unit)
    answers = linter.script(read_script(script))
    with uncollected():
        if not databases:
            yield from answers
        else:
            yield from _with_forecasts(answers, databases, version)


def _with_forecasts(
    answers: Iterator[Answer], databases: Mapping[str, SizedDatabase], version: int
) -> Iterator[Answer]:
    from lockgate.workflows.forecasting import Forecaster

    forecasters = {part: Forecaster(one, version) for part, one in databases.items()}
    while together := list(islice(answers, FORECAST_TOGETHER)):
        parsed = [answer.parsed for answer in together if isinstance(answer, LintedStatement)]
        found = {part: iter(one.forecasts(parsed)) for part, one in forecasters.items()}
        for answer in together:
            if isinstance(answer, LintedStatement):
                forecasts = {part: next(left) for part, left in found.items()}
                yield replace(answer, forecasts=_concerned(forecasts))
            else:
                yield answer


def _concerned(forecasts: Mapping[str, tuple[Forecast, bool]]) -> Mapping[str, Forecast]:
    """Those of the databases that have a table of the statement; all where none has."""
    own = {part: forecast for part, (forecast, concerns) in forecasts.items() if concerns}
    return own or {part: forecast for part, (forecast, _) in forecasts.items()}
