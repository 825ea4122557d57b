"""`lockgate explain`: the Effects of statements, each on what the ones before it left.

What exists beforehand is nothing, a file of statements, or the structure of an environment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import TYPE_CHECKING

from lockgate.core.effect import StatementEffects
from lockgate.core.effects import Structure
from lockgate.core.finding import Finding
from lockgate.core.linter import LintedStatement, UnitLinter, by_subject
from lockgate.core.parsed import ParsedStatement
from lockgate.core.rule import Unit
from lockgate.core.script import Comment, Placed, Remark, read_script
from lockgate.workflows.existing import sizes_together
from lockgate.workflows.linting import choose_rules

if TYPE_CHECKING:
    from lockgate.core.forecast import Forecast
    from lockgate.workflows.forecasting import SizedDatabase


@dataclass(frozen=True, slots=True)
class ExplainedStatement:
    """One statement of a script; the Effects of one that cannot be read are unknown.

    `forecasts` are what it would cost, by part of the environment that was named: on each database
    that has a table of it, or on all where none has.
    """

    index: int
    parsed: ParsedStatement
    effects: StatementEffects
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)


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
    databases: Mapping[str, SizedDatabase] | None = None,
) -> Explanation:
    """What each statement of `script` does, what the rules say of it, and what it would cost.

    The last only for `databases`, by part. `structure` becomes what the script leaves.
    """
    unit = Unit(structure, version, file=file, complete=structure.complete)
    unit.target = sizes_together(one.basis.statistics for one in (databases or {}).values())
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
    if databases:
        explained = _with_forecasts(explained, databases, version)
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
    explained: list[ExplainedStatement], databases: Mapping[str, SizedDatabase], version: int
) -> list[ExplainedStatement]:
    from lockgate.workflows.forecasting import explained_forecasts

    parsed = [one.parsed for one in explained]
    found = {part: explained_forecasts(parsed, one, version) for part, one in databases.items()}
    return [
        replace(one, forecasts=_concerned({part: found[part][place] for part in found}))
        for place, one in enumerate(explained)
    ]


def _concerned(forecasts: Mapping[str, tuple[Forecast, bool]]) -> Mapping[str, Forecast]:
    """Those of the databases that have a table of the statement; all where none has."""
    own = {part: forecast for part, (forecast, concerns) in forecasts.items() if concerns}
    return own or {part: forecast for part, (forecast, _) in forecasts.items()}
