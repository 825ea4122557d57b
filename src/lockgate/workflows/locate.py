"""`lockgate locate`: which revision a structure really is at, and where a lost file is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from lockgate.core.catalog import Catalog
from lockgate.core.locate import (
    BASE,
    Located,
    LostFile,
    Ranking,
    known_fingerprints,
)
from lockgate.core.outcome import Step
from lockgate.errors import LockgateError
from lockgate.migrations import steps
from lockgate.migrations.driver import Observer, VersionTable
from lockgate.migrations.ranges import RevisionText, resolve_range
from lockgate.migrations.revisions import read_revision_files
from lockgate.workflows.catalogs import fingerprint, read_readable_catalogs
from lockgate.workflows.destination import find_readable
from lockgate.workflows.lost_files import find_lost
from lockgate.workflows.scratch import Scratch, ScratchDatabases, open_scratch
from lockgate.workflows.workspace import Workspace


def locate(workspace: Workspace, environment: str | None) -> Located:
    """Where the database of `environment`, or of DATABASE_URL, is."""
    destination = find_readable(workspace, environment)
    workspace.progress.working(f"reading {destination.name}")
    record, guard, catalogs = read_readable_catalogs(destination)
    recorded = tuple(sorted({head for heads in record.heads_before.values() for head in heads}))
    name = guard.environment.name if guard.environment else destination.name
    return place(workspace, name, recorded, catalogs, marked=not guard.unmarked)


def place(
    workspace: Workspace,
    name: str,
    recorded: tuple[str, ...],
    catalogs: Mapping[str, Catalog],
    *,
    marked: bool,
) -> Located:
    """Where a database with these Catalogs (by part) and these recorded Revisions is."""
    files = read_revision_files(workspace.project.directory)
    here = {file.revision for file in files}
    lost = tuple(find_lost(workspace, one) or one for one in recorded if one not in here)
    first = next(iter(catalogs.values()))
    located = Located(
        name,
        marked,
        recorded,
        exact=(),
        lost=tuple(one for one in lost if isinstance(one, LostFile)),
        nowhere=tuple(one for one in lost if isinstance(one, str)),
        missing=first.missing,
    )
    if first.missing:  # it equals no structure that is whole
        return located
    found = fingerprint(catalogs)
    major = int(first.server.partition(".")[0])
    known = known_fingerprints(workspace.lock, files, major=major, majors=first.majors)
    exact = tuple(one for one, expected in known.items() if expected == found)
    if not any(catalog.fingerprint != EMPTY for catalog in catalogs.values()):
        exact = (BASE, *exact)
    if exact:
        return replace(located, exact=exact)
    ranking = Ranking(catalogs)
    heads = tuple(sorted(workspace.project.directory.get_heads()))
    with open_scratch(workspace, major=major, parts=tuple(catalogs)) as scratch:
        if len(recorded) > 1 and not lost:
            make_together(workspace, scratch, recorded, ranking.consider)
            if ranking.exact:
                return replace(located, together=recorded, replayed=True)
        stopped = replay(workspace, scratch, ranking.consider)
        if len(heads) > 1 and heads != recorded and not ranking.exact:
            make_together(workspace, scratch, heads, ranking.consider)
            if ranking.exact:
                return replace(located, together=heads, replayed=True, stopped=stopped)
    if ranking.exact:
        return replace(located, exact=ranking.exact, replayed=True, stopped=stopped)
    return replace(located, nearest=ranking.nearest, replayed=True, stopped=stopped)


EMPTY = Catalog("", ()).fingerprint


Consider = Callable[[str, Mapping[str, Catalog]], None]


def replay(workspace: Workspace, scratch: Scratch, consider: Consider) -> str | None:
    """Hands over base and each revision, with the Catalogs by part that leading there makes.

    The order is parents first. Says what stopped a branch before its end, None where nothing did.
    """
    texts = resolve_range(workspace.project.directory, "base:heads", ())
    consider(BASE, dict.fromkeys(scratch.parts, Catalog(scratch.version, ())))
    stopped: str | None = None
    for line in _lines(texts):
        project = workspace.project.reopened()
        with scratch.databases() as databases:
            try:
                databases.run(
                    project,
                    steps.upgrade(project.directory, line[-1]),
                    observer=_ReadEach(workspace, databases, line, consider),
                    options={"destination_rev": line[-1]},
                )
            except LockgateError as error:
                stopped = stopped or error.message
    return stopped


def make_together(
    workspace: Workspace, scratch: Scratch, heads: tuple[str, ...], consider: Consider
) -> None:
    """Hands over the Catalogs that `heads` make in one database, unless they cannot be made."""
    workspace.progress.working(f"replaying to {', '.join(heads)}")
    project = workspace.project.reopened()
    with scratch.databases() as databases:
        try:
            for head in heads:
                record = databases.upgrade(project, head)
        except LockgateError:
            return  # what stops it is said of the revision, when it is replayed
        consider(", ".join(heads), databases.catalogs(record.version_tables))


def _lines(texts: Iterable[RevisionText]) -> list[tuple[str, ...]]:
    """The revisions in lines, each leading to a head or a point that another line passed."""
    lines: list[list[str]] = []
    for text in texts:
        for line in lines:
            if text.parents == (line[-1],) and not text.depends_on:
                line.append(text.revision)
                break
        else:
            lines.append([text.revision])
    return [tuple(line) for line in lines]


class _ReadEach(Observer):
    """Reads the Catalogs after each revision of a line, as another session sees them."""

    def __init__(
        self,
        workspace: Workspace,
        databases: ScratchDatabases,
        line: tuple[str, ...],
        consider: Consider,
    ) -> None:
        self.workspace = workspace
        self.databases = databases
        self.line = line
        self.consider = consider
        self.tables: list[VersionTable] = []

    def configured(self, table: VersionTable) -> None:
        """Learns what is to be left out."""
        self.tables.append(table)

    def step_committed(self, step: Step) -> None:
        """Reads what the revision made; of several databases, once the last one has it."""
        if step.revision not in self.line or step.part != tuple(self.databases.urls)[-1]:
            return
        at = self.line.index(step.revision) + 1
        self.workspace.progress.working(
            f"replaying {at} of {len(self.line)}: {step.revision} {step.message}"
        )
        self.consider(step.revision, self.databases.catalogs(self.tables))
