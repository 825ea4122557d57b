"""Scratch: throw-away databases to try revisions on, and env.py led to them. Never on PROD."""

from __future__ import annotations

import secrets as random_names
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lockgate import secrets
from lockgate.core.catalog import Catalog
from lockgate.core.environment import Budget, Role
from lockgate.core.identity import Mark, WrongDatabase
from lockgate.core.outcome import Step
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import steps
from lockgate.migrations.driver import (
    DbapiConnection,
    Observer,
    RunRecord,
    Steps,
    Target,
    VersionTable,
    drive,
)
from lockgate.migrations.project import AlembicProject
from lockgate.postgres import session
from lockgate.postgres.binaries import BinariesNotFound, find_binaries
from lockgate.postgres.connect import connect_unchecked
from lockgate.postgres.identity import read_identity
from lockgate.postgres.scratch import ExtensionMissing, create_extensions, restore
from lockgate.postgres.servers import create_database, drop_database, scratch_server
from lockgate.workflows.catalogs import read_scratch_catalog
from lockgate.workflows.destination import source_context
from lockgate.workflows.workspace import Workspace

PREFIX = "lockgate_scratch_"


@dataclass(eq=False)
class ScratchOnProduction(WrongDatabase):
    """The settings' scratch server is a production database."""

    environment: str

    code: ClassVar[str] = "LG-SCR-1"

    @property
    def message(self) -> str:
        """Which environment it is."""
        return f'expected a scratch server, but scratch.url leads to "{self.environment}"'

    @property
    def hint(self) -> str:
        """Use another server."""
        return "point scratch.url at a server without production data, or remove it"


@dataclass(eq=False)
class NotOnScratch(LockgateError):
    """A connection of a scratch run reached a database that is no scratch database."""

    database: str

    code: ClassVar[str] = "LG-SCR-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.WRONG_DATABASE

    @property
    def message(self) -> str:
        """Where it went."""
        return (
            f'env.py reached database "{self.database}" although it was led to a scratch database'
        )

    @property
    def hint(self) -> str:
        """What escapes the leading."""
        return (
            "open connections in env.py with create_engine and a URL, not with a creator function"
        )


@dataclass(eq=False)
class NotCommittedOnScratch(LockgateError):
    """A run ended without an error and left nothing behind."""

    env_py: str

    code: ClassVar[str] = "LG-SCR-5"
    exit_status: ClassVar[ExitStatus] = ExitStatus.ROLLED_BACK

    @property
    def message(self) -> str:
        """Whose transaction it was."""
        return (
            f'"{self.env_py}" ended without an error, but did not commit: a statement before '
            "context.configure() had begun the transaction that the revisions ran in"
        )

    @property
    def hint(self) -> str:
        """The usual cure."""
        return (
            "call connection.commit() after that statement, "
            "or run it inside context.begin_transaction()"
        )


@dataclass(frozen=True)
class Scratch:
    """A server on which scratch databases may be made and dropped."""

    server: DatabaseUrl
    version: str
    workspace: Workspace
    parts: tuple[str, ...]

    @property
    def major(self) -> int:
        """The server's major."""
        return int(self.version.partition(".")[0])

    @contextmanager
    def databases(self) -> Iterator[ScratchDatabases]:
        """One empty database per part, dropped at the end."""
        names = {part: PREFIX + random_names.token_hex(6) for part in self.parts}
        try:
            urls = {part: create_database(self.server, name) for part, name in names.items()}
            extensions = self.workspace.settings.scratch_extensions
            for url in urls.values():
                create_extensions(url, extensions)
            yield ScratchDatabases(urls, self.workspace)
        finally:
            for name in names.values():
                drop_database(self.server, name)

    def empty(self, databases: ScratchDatabases) -> None:
        """Makes `databases` empty again, under their names."""
        for url in databases.urls.values():
            drop_database(self.server, str(url.database))
            create_database(self.server, str(url.database))
            create_extensions(url, self.workspace.settings.scratch_extensions)


@dataclass(frozen=True)
class ScratchDatabases:
    """The scratch databases of one try, and the runs of `env.py` on them."""

    urls: Mapping[str, DatabaseUrl]
    workspace: Workspace

    def run(
        self,
        project: AlembicProject,
        run_steps: Steps,
        *,
        observer: Observer | None = None,
        options: Mapping[str, object] | None = None,
    ) -> RunRecord:
        """Drives `env.py` with every connection led here.

        Raises what `drive` raises, and NotCommittedOnScratch.
        """
        settings = self.workspace.settings
        record = drive(
            project,
            run_steps,
            target=Target(self.urls, settings.url_variable, settings.driver, redirect=True),
            guard=_ScratchGuard(frozenset(str(url.database) for url in self.urls.values())),
            observer=observer,
            options=options,
        )
        if record.external_transaction and record.steps:
            self._refuse_uncommitted(record)
        return record

    def _refuse_uncommitted(self, record: RunRecord) -> None:
        """Raises NotCommittedOnScratch if a new connection does not find the last step's heads."""
        directory = self.workspace.project.directory
        for table in record.version_tables:
            done = [step.heads for step in record.steps if step.part == table.part]
            with connect_unchecked(self.urls[table.part], purpose="proof") as (connection, _, __):
                found = session.read_heads(connection, table=table.name, schema=table.schema)
            if done and (found or ()) != done[-1]:
                raise NotCommittedOnScratch(Path(directory.env_py_location).name)

    def upgrade(self, project: AlembicProject, destination: str) -> RunRecord:
        """One process up to `destination`."""
        return self.run(
            project,
            steps.upgrade(project.directory, destination),
            options={"destination_rev": destination},
        )

    def load(self, dumps: Mapping[str, str], heads: Mapping[str, tuple[str, ...]]) -> None:
        """Makes the structure that `dumps` spell, by part, and stamps it with `heads`."""
        for part, url in self.urls.items():
            restore(url, dumps[part])
        project = self.workspace.project
        recorded = tuple(sorted({head for found in heads.values() for head in found}))
        if recorded:
            self.run(project, steps.stamp(project.directory, recorded))

    def catalogs(self, version_tables: Iterable[VersionTable]) -> dict[str, Catalog]:
        """The Catalog of each part."""
        tables = tuple(version_tables)
        return {
            part: read_scratch_catalog(url, [t for t in tables if t.part == part])
            for part, url in self.urls.items()
        }


class _ScratchGuard:
    """Lets a run reach scratch databases and nothing else."""

    def __init__(self, databases: frozenset[str]) -> None:
        self.databases = databases

    def connected(
        self, connection: DbapiConnection, *, host: str | None, announced_pid: int | None
    ) -> None:
        """Refuses any database but the run's own."""
        cursor = connection.cursor()
        try:
            _, facts = read_identity(cursor, host=host, announced_pid=announced_pid)
        finally:
            cursor.close()
        if facts.database not in self.databases:
            raise NotOnScratch(facts.database)
        session.prepare(connection, Budget(), purpose="scratch")

    def configured(self, connection: DbapiConnection) -> str | None:
        """Where unqualified names lead."""
        return session.current_schema(connection)


@contextmanager
def open_scratch(
    workspace: Workspace, *, major: int | None = None, parts: tuple[str, ...] = ("",)
) -> Iterator[Scratch]:
    """A scratch server of `major`, or of the settings' where None.

    In order: the server that the settings name; programs of that major installed here; the
    newest ones, which is said loudly, since structures are only comparable within a major.
    """
    settings = workspace.settings
    if settings.scratch is not None:
        url = secrets.resolve(settings.scratch, source_context(workspace, {}))
        yield Scratch(url, _scratch_version(workspace, url), workspace, parts)
        return
    wanted = major or settings.scratch_major
    try:
        binaries = find_binaries(wanted)
    except BinariesNotFound:
        if settings.scratch_major is not None:
            raise
        binaries = find_binaries(None)
        workspace.progress.done(
            f"note: no programs of PostgreSQL {wanted} here; rehearsing on {binaries.version}"
        )
    workspace.progress.working(f"starting a scratch PostgreSQL {binaries.version}")
    root = workspace.state_directory / "scratch"
    with scratch_server(root, binaries) as server:
        yield Scratch(server.url, binaries.version, workspace, parts)


def _scratch_version(workspace: Workspace, url: DatabaseUrl) -> str:
    """The version of the server at `url`; raises ScratchOnProduction if production is on it.

    The mark tells of the database that the settings name, the lock file of any other there.
    """
    with connect_unchecked(url, purpose="scratch") as (_, mark, facts):
        if isinstance(mark, Mark) and mark.role is Role.PRODUCTION:
            raise ScratchOnProduction(mark.environment)
        for locked in workspace.lock.environments:
            cluster = locked.system_identifier
            if locked.role is Role.PRODUCTION and cluster and cluster == facts.system_identifier:
                raise ScratchOnProduction(locked.name)
        return f"{facts.server_version // 10_000}.{facts.server_version % 10_000}"


class StepCollector(Observer):
    """Keeps the Steps of a run, also of one that fails."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def step_begins(self, step: Step) -> None:
        """Keeps `step`, which fills up as it runs."""
        self.steps.append(step)


__all__ = ["ExtensionMissing", "Scratch", "ScratchDatabases", "StepCollector", "open_scratch"]
