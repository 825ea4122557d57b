"""Made-up rows for scratch: `--rows` of `lockgate rehearse` and `lockgate preview`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from lockgate.core.filled import Filled
from lockgate.core.made_up.table import Table
from lockgate.core.target import TargetStatistics
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.connect import connect_unchecked
from lockgate.postgres.fill import fill, read_tables
from lockgate.postgres.statistics import read_statistics
from lockgate.workflows.destination import Destination
from lockgate.workflows.workspace import Workspace


@dataclass(eq=False)
class RowsNeedTarget(LockgateError):
    """`--rows` was given, and no database whose rows they should be like."""

    code: ClassVar[str] = "LG-SCR-6"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What is missing."""
        return "--rows makes up rows like those of a database, and none is named"

    @property
    def hint(self) -> str:
        """Name one."""
        return "add --env NAME, or set DATABASE_URL, and leave --from-base out"


@dataclass(eq=False)
class RowsOutOfRange(LockgateError):
    """The share of rows is no share."""

    fraction: float

    code: ClassVar[str] = "LG-SCR-7"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The share that was given."""
        return f'--rows is a share of the target\'s rows above 0 and up to 1, not "{self.fraction}"'

    @property
    def hint(self) -> str:
        """A good start."""
        return "give a small share such as 0.01, and raise it while the rehearsal stays short"


@dataclass
class MadeUpRows:
    """A share of a target's rows, made up on scratch; `filled` is what came of it, by part.

    `later` are the tables as the revisions will leave them, by part.
    """

    fraction: float
    statistics: Mapping[str, TargetStatistics]
    later: dict[str, tuple[Table, ...]] = field(default_factory=dict)
    filled: dict[str, Filled] = field(default_factory=dict)

    def foresee(self, urls: Mapping[str, DatabaseUrl]) -> None:
        """Notes the tables of databases that the revisions have been run on without rows."""
        for part, url in urls.items():
            with connect_unchecked(url, purpose="scratch rows") as (connection, _, __):
                self.later[part] = read_tables(connection)

    def fill(self, urls: Mapping[str, DatabaseUrl], workspace: Workspace) -> None:
        """Fills fresh scratch databases, which hold structure and no rows yet."""
        for part, url in urls.items():
            with connect_unchecked(url, purpose="scratch rows") as (connection, _, __):
                filled = fill(
                    connection,
                    self.statistics[part],
                    self.fraction,
                    later=self.later.get(part, ()),
                    working=workspace.progress.working,
                )
                self.filled[part] = replace(filled, part=part)


def rows_like(destination: Destination, fraction: float) -> MadeUpRows:
    """Rows like those of `destination`, of which only statistics are read.

    Raises RowsOutOfRange.
    """
    if not 0 < fraction <= 1:
        raise RowsOutOfRange(fraction)
    return MadeUpRows(fraction, read_target(destination))


def read_target(
    destination: Destination, names: Iterable[str] | None = None
) -> dict[str, TargetStatistics]:
    """How large and how busy each part of `destination` is; details of the tables in `names`."""
    details = None if names is None else frozenset(names)
    with destination.connected(purpose="statistics") as checked:
        return {
            part: read_statistics(one.connection, details_of=details)
            for part, one in checked.items()
        }
