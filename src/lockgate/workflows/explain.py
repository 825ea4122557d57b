"""`lockgate explain`: the Effects of statements, each on what the ones before it left.

What exists beforehand is nothing, a file of statements, or the structure of an environment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING

from lockgate.core.effect import StatementEffects
from lockgate.core.effects import Structure
from lockgate.core.finding import Finding
from lockgate.core.linter import LintedStatement, UnitLinter, by_subject
from lockgate.core.parsed import ParsedStatement
from lockgate.core.rule import Unit
from lockgate.core.script import Comment, Placed, Remark, read_script
from lockgate.workflows.linting import choose_rules

if TYPE_CHECKING:
    from lockgate.core.forecast import Forecast
    from lockgate.workflows.forecasting import ForecastBasis


@dataclass(frozen=True, slots=True)
class ExplainedStatement:
    """One statement of a script; the Effects of one that cannot be read are unknown.

    `forecast` is what it would cost on the database that was named, None without one.
    """

    index: int
    parsed: ParsedStatement
    effects: StatementEffects
    forecast: Forecast | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A script's statements in order, on a PostgreSQL of major `version`.

    `observed_on` is the version of the scratch server that they were tried on, if they were.
    """

    version: int
    statements: tuple[ExplainedStatement, ...]
    file: str | None = None
    findings: tuple[Finding, ...] = ()
    observed_on: str | None = None


def explain(
    script: bytes,
    structure: Structure,
    *,
    version: int,
    file: str | None = None,
    basis: ForecastBasis | None = None,
) -> Explanation:
    """What each statement of `script` does, what the rules say of it, and what it would cost.

    The last only with a `basis`. `structure` becomes what the script leaves.
    """
    before = structure.copy() if basis is not None else structure
    unit = Unit(structure, version, file=file, complete=structure.complete)
    unit.target = basis.statistics if basis is not None else None
    linter = UnitLinter(by_subject(choose_rules()), unit)
    placed: list[ParsedStatement] = []
    explained: list[ExplainedStatement] = []
    findings: list[Finding] = []
    for answer in linter.script(_noting(read_script(BytesIO(script)), placed)):
        if isinstance(answer, LintedStatement):
            parsed = replace(placed[-1], line=answer.line)
            explained.append(ExplainedStatement(answer.index, parsed, answer.effects))
        else:
            findings.append(answer)
    if basis is not None:
        explained = _with_forecasts(explained, basis, before, version)
    return Explanation(version, tuple(explained), file, tuple(findings))


def _noting(
    passages: Iterator[Placed | Remark | Comment], placed: list[ParsedStatement]
) -> Iterator[Placed | Remark | Comment]:
    """The passages as they come, each statement noted before it is linted."""
    for passage in passages:
        if isinstance(passage, Placed):
            placed.append(passage.parsed)
        yield passage


def _with_forecasts(
    explained: list[ExplainedStatement], basis: ForecastBasis, before: Structure, version: int
) -> list[ExplainedStatement]:
    from lockgate.core.forecasting import Forecastable
    from lockgate.workflows.forecasting import explained_forecasts

    asked = [Forecastable(one.parsed.sql, one.effects) for one in explained]
    forecasts = explained_forecasts(asked, basis, before, version=version)
    return [replace(one, forecast=f) for one, f in zip(explained, forecasts, strict=True)]
