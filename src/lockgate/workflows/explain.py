"""`lockgate explain`: the Effects of statements, each on what the ones before it left.

What exists beforehand is nothing, a file of statements, or the structure of an environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from lockgate.core.effect import StatementEffects
from lockgate.core.effects import Structure
from lockgate.core.finding import Finding
from lockgate.core.linter import LintedStatement, UnitLinter, by_subject
from lockgate.core.parsed import ParsedStatement
from lockgate.core.rule import Unit
from lockgate.core.script import Comment, Placed, Remark, read_script
from lockgate.core.sql.trees import parse
from lockgate.errors import ExitStatus, LockgateError
from lockgate.workflows.lint import choose_rules

if TYPE_CHECKING:
    from lockgate.core.forecast import Forecast
    from lockgate.workflows.forecasting import ForecastBasis
    from lockgate.workflows.workspace import Workspace

NEWEST = 18


@dataclass(eq=False)
class SqlFileUnreadable(LockgateError):
    """A file of statements that is not there, or may not be read."""

    file: str
    reason: str

    code: ClassVar[str] = "LG-SQL-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file, and why."""
        return f'the file "{self.file}" cannot be read: {self.reason}'

    @property
    def hint(self) -> str:
        """What to give."""
        return "give the path of a file with SQL statements, or - for standard input"


@dataclass(eq=False)
class SchemaNotUnderstood(LockgateError):
    """A file that is to say what exists has a statement that cannot be read."""

    file: str
    line: int
    reason: str

    code: ClassVar[str] = "LG-SQL-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Where, and the parser's reason."""
        return f'"{self.file}" cannot be read on line {self.line}: {self.reason}'

    @property
    def hint(self) -> str:
        """How such a file is made."""
        return "make the file with `pg_dump --schema-only`, or mend that statement"


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


def read_sql(path: Path) -> bytes:
    """The content of a file. Raises SqlFileUnreadable."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise SqlFileUnreadable(str(path), error.strerror or str(error)) from error


def structure_of_file(path: Path) -> Structure:
    """What the statements of a file make, such as a dump of a schema.

    Raises SqlFileUnreadable, SchemaNotUnderstood.
    """
    structure = Structure(complete=True)
    for parsed in _readable(path, parse(read_sql(path).decode(errors="replace"))):
        structure.apply(parsed)
    # A dump ends with no schema in its path, and what is explained is not part of it.
    structure.search_path = ("public",)
    return structure


def _readable(path: Path, found: Iterable[ParsedStatement]) -> Iterable[ParsedStatement]:
    for parsed in found:
        if parsed.problem is not None:
            problem = parsed.problem
            raise SchemaNotUnderstood(str(path), problem.line, problem.message)
        yield parsed


def structure_of_environment(workspace: Workspace, name: str | None) -> tuple[Structure, int]:
    """What a database holds, and the major of its server.

    It may have no mark; one that it has must be right.
    """
    from lockgate.workflows.catalogs import read_readable
    from lockgate.workflows.destination import find_readable

    catalog = read_readable(find_readable(workspace, name))
    return Structure.from_catalog(catalog), int(catalog.server.partition(".")[0])


def structure_and_basis(
    workspace: Workspace, name: str | None
) -> tuple[Structure, int, ForecastBasis | None]:
    """As `structure_of_environment`, and what forecasts for that database rest on."""
    from lockgate.workflows.catalogs import read_readable_with
    from lockgate.workflows.destination import find_readable
    from lockgate.workflows.forecasting import basis_or_note

    destination = find_readable(workspace, name)
    catalog, basis = read_readable_with(
        destination, lambda connection: basis_or_note(connection, destination)
    )
    return Structure.from_catalog(catalog), int(catalog.server.partition(".")[0]), basis
