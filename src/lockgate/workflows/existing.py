"""What exists before a change: what a file of statements makes, or what a database holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from lockgate.core.effects import Structure
from lockgate.core.parsed import ParsedStatement
from lockgate.core.sql.trees import parse
from lockgate.core.target import TargetStatistics
from lockgate.errors import ExitStatus, LockgateError

if TYPE_CHECKING:
    from lockgate.workflows.forecasting import ForecastBasis
    from lockgate.workflows.workspace import Workspace

NEWEST = 18
"""The major of PostgreSQL that is taken where nothing names one."""


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


def read_target(
    workspace: Workspace, environment: str
) -> tuple[Structure, int, TargetStatistics | None]:
    """Structure, major and sizes of a database."""
    from lockgate.postgres.connect import connect_unchecked
    from lockgate.postgres.statistics import read_statistics
    from lockgate.workflows.destination import find_readable

    structure, version = structure_of_environment(workspace, environment)
    destination = find_readable(workspace, environment)
    with connect_unchecked(destination.primary, purpose="lint") as (connection, _, __):
        target = read_statistics(connection)
    return structure, version, target
