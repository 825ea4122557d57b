"""`lockgate snapshot` and `lockgate diff`: the Catalog of anything that has one, and between two.

A TARGET is an environment, a URL, a snapshot file, `models`, or `revision:REV`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lockgate.core.catalog import Catalog, Change, diff, reverse
from lockgate.core.ddl import Rename, Script
from lockgate.core.environment import PRIMARY
from lockgate.core.identity import Expectation
from lockgate.core.snapshot import read_snapshot
from lockgate.core.url import SCHEMES, DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import steps
from lockgate.workflows.catalogs import read_readable
from lockgate.workflows.destination import Destination, of_environment
from lockgate.workflows.leading import Led, lead
from lockgate.workflows.models import compare_models, make_models
from lockgate.workflows.scratch import Scratch, open_scratch
from lockgate.workflows.workspace import Workspace

MODELS = "models"
REVISION = "revision:"


@dataclass(eq=False)
class TargetUnknown(LockgateError):
    """A word that is no environment, file, URL, `models` or `revision:REV`."""

    target: str
    known: tuple[str, ...]

    code: ClassVar[str] = "LG-SNAP-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What was asked for."""
        return f'"{self.target}" is no environment, and there is no file of that name'

    @property
    def hint(self) -> str:
        """The forms."""
        known = f"an environment ({', '.join(self.known)}), " if self.known else ""
        return f"give {known}a URL, a snapshot file, models, or revision:REV"


@dataclass(frozen=True)
class Difference:
    """The Changes from one target to another.

    `catalogs` are the two, None where nothing of structure differs. Between models and revisions,
    `missed` are those that autogenerate does not see, None where it could not be asked; between
    others nobody asks it, and `compared` is false.
    """

    changes: tuple[Change, ...]
    compared: bool = False
    missed: tuple[Change, ...] | None = ()
    catalogs: tuple[Catalog, Catalog] | None = None


def snapshot(workspace: Workspace, target: str, *, major: int | None = None) -> Catalog:
    """The Catalog of `target`."""
    with ExitStack() as stack:
        return _Reader(workspace, major, stack).read(target)


def compare_targets(
    workspace: Workspace, before: str, after: str, *, major: int | None = None
) -> Difference:
    """The Changes that lead from `before` to `after`.

    What needs scratch is made on the major of the side that is a database or a file, since
    structures are only comparable within a major.
    """
    if before == MODELS and after.startswith(REVISION):
        return _turned(_against_models(workspace, after, major))
    if after == MODELS and before.startswith(REVISION):
        return _against_models(workspace, before, major)
    with ExitStack() as stack:
        reader = _Reader(workspace, major, stack)
        first, second = sorted((before, after), key=_needs_scratch)
        catalogs = {first: reader.read(first)}
        if reader.major is None and not _needs_scratch(first):
            reader.major = int(catalogs[first].server.partition(".")[0])
        catalogs[second] = reader.read(second)
    compared = catalogs[before], catalogs[after]
    return Difference(diff(*compared), catalogs=compared)


def lead_over(
    workspace: Workspace,
    difference: Difference,
    *,
    renames: tuple[Rename, ...] = (),
    concurrently: bool = False,
    cosmetic: bool = False,
) -> Led:
    """The statements for a Difference, proved on a scratch server of the start's major.

    Raises StartNotMade.
    """
    if difference.catalogs is None:
        return Led(Script())
    before, after = difference.catalogs
    major = before.server.partition(".")[0]
    with open_scratch(workspace, major=int(major), parts=workspace.settings.parts) as scratch:
        workspace.progress.working("proving the statements")
        return lead(
            scratch,
            before,
            after,
            renames=renames,
            concurrently=concurrently,
            cosmetic=cosmetic,
        )


def _against_models(workspace: Workspace, target: str, major: int | None) -> Difference:
    """From a revision to the models, as `env.py` wants the two compared."""
    revision = target.removeprefix(REVISION)
    with open_scratch(workspace, major=major, parts=workspace.settings.parts) as scratch:
        found = compare_models(workspace, scratch, revision=revision)
    catalogs = found.catalogs
    compared = (_first(catalogs[0]), _first(catalogs[1])) if catalogs is not None else None
    return Difference(found.changes, True, found.missed, compared)


def _turned(difference: Difference) -> Difference:
    missed = difference.missed
    return Difference(
        tuple(reverse(change) for change in difference.changes),
        difference.compared,
        None if missed is None else tuple(reverse(change) for change in missed),
        None if difference.catalogs is None else (difference.catalogs[1], difference.catalogs[0]),
    )


class _Reader:
    """Reads targets, starting one scratch server at most."""

    def __init__(self, workspace: Workspace, major: int | None, stack: ExitStack) -> None:
        self.workspace = workspace
        self.major = major
        self.stack = stack
        self.opened: Scratch | None = None

    def read(self, target: str) -> Catalog:
        self.workspace.progress.working(f"reading {_shown(target)}")
        if target == MODELS:
            return self._models()
        if target.startswith(REVISION):
            return self._revision(target.removeprefix(REVISION))
        if target.partition("://")[0].partition("+")[0] in SCHEMES:
            url = DatabaseUrl.parse(target, source="the command line")
            return read_readable(
                Destination(None, {PRIMARY: url}, Expectation(None), self.workspace)
            )
        settings = self.workspace.settings
        known = tuple(environment.name for environment in settings.environments)
        if target in known:
            return read_readable(of_environment(self.workspace, settings.environment(target)))
        if Path(target).is_file():
            return read_snapshot(Path(target))
        raise TargetUnknown(target, known)

    def scratch(self) -> Scratch:
        if self.opened is None:
            parts = self.workspace.settings.parts
            opening = open_scratch(self.workspace, major=self.major, parts=parts)
            self.opened = self.stack.enter_context(opening)
        return self.opened

    def _models(self) -> Catalog:
        return _first(make_models(self.workspace, self.scratch()).catalogs)

    def _revision(self, revision: str) -> Catalog:
        project = self.workspace.project
        with self.scratch().databases() as databases:
            if revision == "base":
                record = databases.run(project, steps.nothing)
            else:
                record = databases.upgrade(project, revision)
            return _first(databases.catalogs(record.version_tables))


def _first(catalogs: Mapping[str, Catalog]) -> Catalog:
    return next(iter(catalogs.values()))


def _needs_scratch(target: str) -> bool:
    return target == MODELS or target.startswith(REVISION)


def _shown(target: str) -> str:
    return "a URL" if "://" in target else target
