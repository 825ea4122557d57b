"""What exists before a change: what a file of statements makes, or what a database holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from lockgate.core.effects import Structure, structure_of
from lockgate.core.parsed import ParsedStatement
from lockgate.core.progress import Progress
from lockgate.core.refusals import follow
from lockgate.core.script import Placed, Remark, RemarkKind, read_script
from lockgate.core.target import TargetStatistics
from lockgate.errors import ExitStatus, LockgateError
from lockgate.workflows.sql_files import opened, uncollected

if TYPE_CHECKING:
    from lockgate.core.catalog import Catalog
    from lockgate.workflows.forecasting import SizedDatabase
    from lockgate.workflows.workspace import Workspace

NEWEST = 18
"""The major of PostgreSQL that is taken where nothing names one."""


@dataclass(eq=False)
class SchemaNotUnderstood(LockgateError):
    """A file that is to say what exists has something in it that cannot be read."""

    file: str
    line: int
    reason: str
    column: int | None = None

    code: ClassVar[str] = "LG-SQL-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Where, and the parser's reason."""
        column = "" if self.column is None else f" column {self.column}"
        return f'"{self.file}" cannot be read on line {self.line}{column}: {self.reason}'

    @property
    def hint(self) -> str:
        """How such a file is made."""
        return "make the file with `pg_dump --schema-only --encoding=UTF8`, or mend that line"


def structure_of_file(path: Path, progress: Progress) -> Structure:
    """What the statements of a file make, such as a dump of a schema.

    Raises SqlFileUnreadable, SchemaNotUnderstood.
    """
    structure = Structure(complete=True)
    with uncollected():
        for parsed in schema_statements(path, progress):
            follow(structure, parsed, NEWEST)
    # A dump ends with no schema in its path, and what is explained is not part of it.
    structure.search_path = ("public",)
    return structure


def schema_statements(path: Path, progress: Progress) -> Iterator[ParsedStatement]:
    """The statements of a file that is to say what exists; psql's commands are passed over.

    Raises SqlFileUnreadable, and SchemaNotUnderstood for whatever else cannot be read: what it
    says would be taken for missing.
    """
    with opened(str(path), progress) as source:
        for passage in read_script(source):
            if isinstance(passage, Remark) and passage.kind is not RemarkKind.META_COMMAND:
                archive = "it is " if passage.kind is RemarkKind.ARCHIVE else ""
                raise SchemaNotUnderstood(str(path), passage.line, archive + passage.text)
            if not isinstance(passage, Placed):
                continue
            problem = passage.parsed.problem
            if problem is not None:
                raise SchemaNotUnderstood(str(path), problem.line, problem.message, problem.column)
            yield replace(passage.parsed, line=passage.line)


def structure_of_environment(workspace: Workspace, name: str | None) -> tuple[Structure, int]:
    """What an Environment's databases hold, and the major of their server.

    They may have no mark; one that they have must be right.
    """
    from lockgate.workflows.catalogs import read_readable_catalogs
    from lockgate.workflows.destination import find_readable

    catalogs = read_readable_catalogs(find_readable(workspace, name))[2]
    return together(catalogs.values()), major_of(next(iter(catalogs.values())))


def major_of(catalog: Catalog) -> int:
    """The major of the server that a Catalog was read on."""
    return int(catalog.server.partition(".")[0])


def together(catalogs: Iterable[Catalog]) -> Structure:
    """What several databases hold; of what two have under the same name, that of the first."""
    first, *others = map(structure_of, catalogs)
    for other in others:
        for kind in ("relations", "domains", "enums", "routines", "referencing", "owned"):
            mine, theirs = getattr(first, kind), getattr(other, kind)
            theirs.update(mine)
            mine.update(theirs)
        first.certainty.doubt_everything()  # a statement may be for one of them alone
    return first


def structure_and_sizes(
    workspace: Workspace, name: str | None
) -> tuple[Structure, int, dict[str, SizedDatabase]]:
    """As `structure_of_environment`, and each database by its part, as far as it tells."""
    from lockgate.workflows.catalogs import read_readable_with
    from lockgate.workflows.destination import find_readable
    from lockgate.workflows.forecasting import SizedDatabase, basis_or_note

    destination = find_readable(workspace, name)
    catalogs, bases = read_readable_with(
        destination, lambda part, connection: basis_or_note(connection, destination, part)
    )
    sized = {
        part: SizedDatabase(structure_of(catalogs[part]), basis)
        for part, basis in bases.items()
        if basis is not None
    }
    return together(catalogs.values()), major_of(next(iter(catalogs.values()))), sized


def read_target(
    workspace: Workspace, environment: str
) -> tuple[Structure, int, TargetStatistics | None]:
    """Structure, major and sizes of an Environment's databases.

    The settings of the server, and the application's statements, are those of the first.
    """
    from lockgate.postgres.statistics import read_statistics
    from lockgate.workflows.destination import connected_to_read, find_readable

    structure, version = structure_of_environment(workspace, environment)
    read: list[TargetStatistics] = []
    destination = find_readable(workspace, environment)
    for part in destination.urls:
        with connected_to_read(destination, part, purpose="lint") as connection:
            read.append(read_statistics(connection))
    return structure, version, sizes_together(read)


def sizes_together(targets: Iterable[TargetStatistics]) -> TargetStatistics | None:
    """How large and busy the tables of several databases are; None of no database.

    Of what two have under the same name, that of the first, as in `together`.
    """
    read = list(targets)
    if len(read) < 2:
        return read[0] if read else None
    sizes = {one.name: one for target in reversed(read) for one in target.relations}
    return replace(read[0], relations=tuple(sizes.values()))
