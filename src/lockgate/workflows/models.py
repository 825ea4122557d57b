"""The models against the revisions: two schemas made on scratch, and what Alembic sees of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from lockgate.core.catalog import Catalog, Change
from lockgate.core.hiding import table_of, without_tables
from lockgate.core.rehearsal import structural
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import steps
from lockgate.migrations.autogenerate import Autogenerate
from lockgate.migrations.driver import VersionTable
from lockgate.migrations.models import ModelsBuilder
from lockgate.workflows.catalogs import between, fingerprint
from lockgate.workflows.proofs import tell
from lockgate.workflows.scratch import Scratch, ScratchDatabases
from lockgate.workflows.workspace import Workspace

Catalogs = Mapping[str, Catalog]


@dataclass(eq=False)
class ModelsMissing(LockgateError):
    """`env.py` gives the context no target_metadata."""

    env_py: str

    code: ClassVar[str] = "LG-SNAP-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file names none."""
        return f'"{self.env_py}" names no models: target_metadata is None'

    @property
    def hint(self) -> str:
        """Set it."""
        return "set target_metadata in env.py to the metadata of your models"


@dataclass(frozen=True)
class MadeModels:
    """The models' Catalogs by part, and the version tables that `env.py` names.

    `refused` is whether the server refused a statement on the way. `statements` is a digest of
    what made them, None where nobody told it, or nobody can.
    """

    catalogs: Catalogs
    version_tables: tuple[VersionTable, ...]
    refused: bool = False
    statements: str | None = None


@dataclass(frozen=True)
class Comparison:
    """How the models differ from the revisions.

    `changes` lead from the revisions to the models, without what `env.py` hides from
    autogenerate; `missed` are those of them that autogenerate does not see, None where it could
    not be asked, and `unasked` says why. `fingerprint` is the revisions', None where they were
    not replayed.
    """

    changes: tuple[Change, ...] = ()
    missed: tuple[Change, ...] | None = ()
    unasked: str | None = None
    fingerprint: str | None = None
    catalogs: tuple[Catalogs, Catalogs] | None = None
    """The revisions' and the models', each without what is hidden; None where they are alike."""


def make_models(workspace: Workspace, scratch: Scratch) -> MadeModels:
    """The schema that the models make in an empty database.

    Raises ModelsMissing.
    """
    workspace.progress.working("making the models' schema")
    builder = ModelsBuilder()
    project = workspace.project
    with scratch.databases() as databases, builder.heeded():
        record = databases.run(project, builder.steps)
        if not builder.found:
            raise ModelsMissing(Path(project.directory.env_py_location).name)
        catalogs = databases.catalogs(record.version_tables)
        return MadeModels(catalogs, record.version_tables, builder.refused)


def models_beforehand(workspace: Workspace, scratch: Scratch) -> MadeModels | LockgateError:
    """What the models make, or why they cannot be made.

    Asked before a revision runs in this process: one that imports the models may well change them,
    as those do that give them to `batch_alter_table`.
    """
    try:
        return make_models(workspace, scratch)
    except LockgateError as error:
        return error


def with_statements(
    workspace: Workspace, scratch: Scratch, made: MadeModels | LockgateError
) -> MadeModels | LockgateError:
    """`made` with the digest of the statements that make it, where that can be told.

    Without a server nothing is refused, so that what code does after a refusal is not in it.
    """
    if isinstance(made, LockgateError) or made.refused:
        return made
    return replace(made, statements=tell(workspace, scratch.major).digest)


def compare_models(
    workspace: Workspace,
    scratch: Scratch,
    *,
    revision: str = "heads",
    known: str | None = None,
    made: MadeModels | LockgateError | None = None,
) -> Comparison:
    """Holds the models against the revisions up to `revision`, both made on `scratch`.

    Nothing is replayed where `known`, the revision's Fingerprint, is that of the models. `made`
    are the models where they were made beforehand.
    """
    if isinstance(made, LockgateError):
        raise made
    made = made or make_models(workspace, scratch)
    if known is not None and fingerprint(made.catalogs) == known:
        return Comparison()
    with _replayed(workspace, scratch, revision) as (databases, catalogs):
        return hold_against(workspace, databases, catalogs, made.catalogs)


def replay(workspace: Workspace, scratch: Scratch) -> str:
    """The Fingerprint that the revisions reach."""
    with _replayed(workspace, scratch, "heads") as (_, catalogs):
        return fingerprint(catalogs)


@contextmanager
def _replayed(
    workspace: Workspace, scratch: Scratch, revision: str
) -> Iterator[tuple[ScratchDatabases, Catalogs]]:
    workspace.progress.working("replaying the revisions")
    project = workspace.project.reopened()
    with scratch.databases() as databases:
        if revision == "base":
            record = databases.run(project, steps.nothing)
        else:
            record = databases.upgrade(project, revision)
        yield databases, databases.catalogs(record.version_tables)


def hold_against(
    workspace: Workspace, databases: ScratchDatabases, replayed: Catalogs, made: Catalogs
) -> Comparison:
    """Compares `made`, the models', with `replayed`, which is what `databases` hold now.

    Only what differs is compared as `env.py` wants it, and autogenerate asked about it: that
    takes longer than everything else.
    """
    found = fingerprint(replayed)
    changes = between(replayed, made)
    if not structural(changes):
        return Comparison(changes, None, "nothing but what is cosmetic differs", found)
    workspace.progress.working("asking autogenerate about the difference")
    asking = Autogenerate(differing_tables(replayed, made))
    try:
        databases.run(workspace.project, asking.steps, options={"dont_mutate": True})
    except LockgateError as error:
        return Comparison(changes, None, error.message, found, (replayed, made))
    compared = shown(replayed, asking), shown(made, asking)
    changes = between(*compared)
    missed = tuple(change for change in changes if not asking.sees(change))
    return Comparison(changes, missed, None, found, compared)


def differing_tables(before: Catalogs, after: Catalogs) -> set[tuple[str, ...]]:
    """The tables that differ, or on which something does."""
    return {
        table
        for part, catalog in before.items()
        for found in {*catalog.objects} ^ {*after[part].objects}
        if (table := table_of(found)) is not None
    }


def shown(catalogs: Catalogs, asked: Autogenerate) -> dict[str, Catalog]:
    """Each Catalog without the tables that the filters of `env.py` hide."""
    return {part: without_tables(found, asked.hidden) for part, found in catalogs.items()}
