"""`lockgate doctor`: everything that can be wrong with a set-up, and the cure of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lockgate.core.catalog import Catalog
from lockgate.core.ddl import statements
from lockgate.core.environment import PRIMARY, Environment, Role
from lockgate.core.finding import Finding, Severity
from lockgate.core.ledger import LedgerRow
from lockgate.core.locate import LostFile
from lockgate.core.probes import Examined, Problem, SequencePlace, SetUp, examine
from lockgate.core.revisions import RevisionFile
from lockgate.core.syntax import syntax_hash
from lockgate.errors import LockgateError
from lockgate.migrations.driver import RunRecord, VersionTable
from lockgate.migrations.revisions import ParentMissing, read_revision_files, unjoined_heads
from lockgate.postgres import health, ledger, session
from lockgate.postgres.connect import Connection, connect_unchecked
from lockgate.postgres.sequences import available_extensions, sequence_places
from lockgate.workflows.applied import revisions_run
from lockgate.workflows.catalogs import read_structure
from lockgate.workflows.destination import (
    Destination,
    ReadingGuard,
    find_readable,
    of_environment,
)
from lockgate.workflows.listing import ask
from lockgate.workflows.locate import place
from lockgate.workflows.lost_files import find_lost, missing_history
from lockgate.workflows.scratch import open_scratch
from lockgate.workflows.workspace import Workspace, git, git_bytes

STATEMENT_TIMEOUT_MS = 60_000
LOCK_TIMEOUT_MS = 2_000


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was looked at, and what is wrong with it."""

    set_up: SetUp
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; what is only said does not count."""
        return all(finding.severity is Severity.INFO for finding in self.findings)


def diagnose(workspace: Workspace, environment: str | None) -> Diagnosis:
    """The repository with `environment`, or with every one that the settings name."""
    set_up = _repository(workspace)
    if set_up.problem is None:
        databases = tuple(_databases(workspace, environment))
        set_up = replace(set_up, databases=databases)
        if any(one.located is not None and one.located.nowhere for one in databases):
            set_up = replace(set_up, fetch=missing_history(workspace.settings.root))
        set_up = replace(set_up, applied_form=_applied_forms(workspace, set_up))
    return Diagnosis(set_up, examine(set_up))


def _repository(workspace: Workspace) -> SetUp:
    lock = workspace.lock
    try:
        directory = workspace.project.directory
        files = tuple(reversed(read_revision_files(directory)))
        heads = tuple(sorted(directory.get_heads()))
        return SetUp(files, heads, lock, (), unjoined=unjoined_heads(directory))
    except LockgateError as error:
        missing = (error.missing,) if isinstance(error, ParentMissing) else ()
        return SetUp(
            (),
            (),
            lock,
            (),
            problem=_problem(error),
            lost={revision: find_lost(workspace, revision) for revision in missing},
        )


def _problem(error: LockgateError) -> Problem:
    return Problem(error.code, error.message, error.hint)


def _databases(workspace: Workspace, environment: str | None) -> Iterator[Examined]:
    """Each database of each Environment that is asked for."""
    settings = workspace.settings
    if environment is not None:
        wanted: tuple[Environment, ...] = (settings.environment(environment),)
    elif workspace.environ.get(settings.url_variable):
        yield from _examined(workspace, find_readable(workspace, None))
        return
    else:
        wanted = settings.environments
    for one in wanted:
        workspace.progress.working(f"examining {one.name}")
        try:
            destination = of_environment(workspace, one)
            yield from _examined(workspace, destination)
        except LockgateError as error:
            yield Examined(one.name, PRIMARY, one.role, problem=_problem(error))


def _examined(workspace: Workspace, destination: Destination) -> Iterator[Examined]:
    with connect_unchecked(destination.primary, purpose="doctor"):
        pass  # who does not answer is told in lockgate's words, and not in those of env.py's driver
    record, guard = ask(destination, purpose="doctor")
    looks = {part: _look(destination, part, guard, record) for part in destination.urls}
    environment = guard.environment
    name = environment.name if environment else destination.name
    role = environment.role if environment else Role.DEVELOPMENT
    catalogs = {part: look.catalog for part, look in looks.items()}
    recorded = tuple(sorted({row for look in looks.values() for row in look.recorded or ()}))
    located = place(workspace, name, recorded, catalogs, marked=not guard.unmarked)
    expected = _expected(workspace, recorded, catalogs) if recorded and not located.proved() else {}
    for part, look in looks.items():
        examined = Examined(
            name,
            part,
            role,
            recorded=look.recorded,
            located=located,
            catalog=look.catalog,
            ran=look.ran,
            invalid_indexes=look.invalid_indexes,
            sequences=look.sequences,
            available=look.available,
        )
        if part in expected:
            examined = replace(
                examined,
                expected=expected[part],
                undo=statements(look.catalog, expected[part]),
                adopt=statements(expected[part], look.catalog),
            )
        yield examined


@dataclass(frozen=True, slots=True)
class _Look:
    """What one connection saw of one database."""

    recorded: tuple[str, ...] | None
    catalog: Catalog
    ran: Mapping[str, tuple[str | None, str | None]]
    invalid_indexes: tuple[str, ...]
    sequences: tuple[SequencePlace, ...]
    available: frozenset[str]


def _look(destination: Destination, part: str, guard: ReadingGuard, record: RunRecord) -> _Look:
    url = destination.urls[part]
    tables = [table for table in record.version_tables if table.part == part]
    with connect_unchecked(url, purpose="doctor") as (connection, mark, facts):
        if mark is not None:
            guard.prove(mark, facts)
        health.only_read(
            connection,
            statement_timeout_ms=STATEMENT_TIMEOUT_MS,
            lock_timeout_ms=LOCK_TIMEOUT_MS,
        )
        with health.answering(connection, url=url.redacted()):
            return _Look(
                _rows(connection, tables),
                read_structure(connection, tables),
                _ran(ledger.read_ledger(connection)[0]),
                tuple(index.index for index in health.invalid_indexes(connection)),
                sequence_places(connection),
                available_extensions(connection),
            )


def _rows(connection: Connection, tables: list[VersionTable]) -> tuple[str, ...] | None:
    found: list[str] | None = None
    for table in tables:
        rows = session.read_heads(connection, table=table.name, schema=table.schema)
        if rows is not None:
            found = [*(found or []), *rows]
    return None if found is None else tuple(found)


def _ran(rows: tuple[LedgerRow, ...]) -> dict[str, tuple[str | None, str | None]]:
    """What the Ledger has as applied, with the form and the commit that it was applied in."""
    commits: dict[str, str | None] = {}
    for entry in (row.entry for row in rows):
        if entry.get("outcome") == "done" and entry.get("revision"):
            commits[entry["revision"]] = (entry.get("actor") or {}).get("git_commit")
    return {
        revision: (syntax, commits.get(revision))
        for revision, syntax in revisions_run(rows).items()
    }


def _expected(
    workspace: Workspace, recorded: tuple[str, ...], catalogs: Mapping[str, Catalog]
) -> dict[str, Catalog]:
    """The structure of the recorded Revisions, replayed; nothing where they cannot be."""
    first = next(iter(catalogs.values()))
    here = {file.revision for file in read_revision_files(workspace.project.directory)}
    if first.missing or not set(recorded) <= here:
        return {}
    workspace.progress.working(f"replaying to {', '.join(recorded)}")
    major = int(first.server.partition(".")[0])
    project = workspace.project.reopened()
    with (
        open_scratch(workspace, major=major, parts=tuple(catalogs)) as scratch,
        scratch.databases() as databases,
    ):
        try:
            for revision in recorded:
                record = databases.upgrade(project, revision)
        except LockgateError as error:
            workspace.progress.done(f"note: {', '.join(recorded)} cannot be made: {error.message}")
            return {}
        return databases.catalogs(record.version_tables)


def _applied_forms(workspace: Workspace, set_up: SetUp) -> dict[str, LostFile]:
    """Where git has the file of each edited Revision as it was applied."""
    forms: dict[str, LostFile] = {}
    for one in set_up.databases:
        for revision, (syntax, commit) in one.ran.items():
            file = set_up.file(revision)
            if file is None or syntax in (None, file.syntax) or revision in forms:
                continue
            found = _form(workspace.settings.root, file, str(syntax), commit)
            if found is not None:
                forms[revision] = found
    return forms


def _form(root: Path, file: RevisionFile, syntax: str, commit: str | None) -> LostFile | None:
    top = git(root, "rev-parse", "--show-toplevel")
    if top is None or not Path(file.path).is_relative_to(top):
        return None
    path = str(Path(file.path).relative_to(top))
    listed = git(Path(top), "log", "--all", "--format=%H", "--", path) or ""
    for candidate in filter(None, (commit, *listed.split())):
        source = git_bytes(Path(top), "show", f"{candidate}:{path}")
        if source is not None and _hash(source) == syntax:
            return LostFile(file.revision, candidate, path)
    return None


def _hash(source: bytes) -> str | None:
    try:
        return syntax_hash(source)
    except (SyntaxError, ValueError):
        return None
