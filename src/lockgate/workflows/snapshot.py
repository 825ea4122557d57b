"""`lockgate snapshot` and `lockgate diff`: the Catalog of anything that has one, and between two.

A TARGET is an environment, a URL, a snapshot file, `models`, or `revision:REV`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lockgate.core.catalog import Catalog, Change, diff
from lockgate.core.environment import PRIMARY
from lockgate.core.identity import Expectation
from lockgate.core.snapshot import read_snapshot
from lockgate.core.url import SCHEMES, DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import steps
from lockgate.migrations.models import ModelsBuilder
from lockgate.workflows.catalogs import read_readable
from lockgate.workflows.destination import Destination, of_environment
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


def snapshot(workspace: Workspace, target: str, *, major: int | None = None) -> Catalog:
    """The Catalog of `target`."""
    with ExitStack() as stack:
        return _Reader(workspace, major, stack).read(target)


def compare_targets(
    workspace: Workspace, before: str, after: str, *, major: int | None = None
) -> tuple[Change, ...]:
    """The Changes that lead from `before` to `after`.

    What needs scratch is made on the major of the side that is a database or a file, since
    structures are only comparable within a major.
    """
    with ExitStack() as stack:
        reader = _Reader(workspace, major, stack)
        first, second = sorted((before, after), key=_needs_scratch)
        catalogs = {first: reader.read(first)}
        if reader.major is None and not _needs_scratch(first):
            reader.major = int(catalogs[first].server.partition(".")[0])
        catalogs[second] = reader.read(second)
    return diff(catalogs[before], catalogs[after])


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
        builder = ModelsBuilder()
        project = self.workspace.project
        with self.scratch().databases() as databases:
            record = databases.run(project, builder.steps)
            if not builder.found:
                raise ModelsMissing(Path(project.directory.env_py_location).name)
            return _first(databases.catalogs(record.version_tables))

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
