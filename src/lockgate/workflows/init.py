"""`lockgate init`: settings, lock file and CI example, and Alembic where there is none.

Adds files and never changes one: what is there is kept, what is missing is written, and where
one file cannot be written none stays.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import ClassVar

from lockgate.config import (
    LOCK_FILE,
    SETTINGS_FILE,
    Settings,
    SettingsMissing,
    find_settings,
    load_settings,
)
from lockgate.core import lockfile
from lockgate.core.environment import Environment, Role
from lockgate.core.lockfile import LockedRevision, LockFile
from lockgate.core.setup import EnvTemplate, SetUp
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.metadata import Metadata, find_metadata, name_metadata
from lockgate.migrations.project import AlembicNotFound, AlembicProject, open_project
from lockgate.migrations.revisions import read_revision_files
from lockgate.migrations.scaffold import (
    INI,
    PYPROJECT,
    database_names,
    find_configurations,
    new_setup,
)
from lockgate.workflows.workspace import git, write_atomically

CI_FOLDER = Path(".github", "workflows")
CI_EXAMPLE = "lockgate.yml.example"
NO_METADATA = "none"


@dataclass(eq=False)
class SeveralConfigurations(LockgateError):
    """More than one Alembic set-up below, and nobody to ask."""

    found: tuple[str, ...]

    code: ClassVar[str] = "LG-INIT-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which ones."""
        return f'there are several Alembic set-ups: "{", ".join(self.found)}"'

    @property
    def hint(self) -> str:
        """How to choose."""
        return f"choose one with --alembic {self.found[0]}"


@dataclass(eq=False)
class MetadataUnclear(LockgateError):
    """None or several MetaData objects found for a new set-up, and nobody to ask."""

    found: tuple[str, ...]

    code: ClassVar[str] = "LG-INIT-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which ones."""
        if not self.found:
            return "no SQLAlchemy metadata found in the Python files here"
        return f'there are several SQLAlchemy metadata here: "{", ".join(self.found)}"'

    @property
    def hint(self) -> str:
        """How to choose."""
        example = self.found[0] if self.found else "package.module:Base.metadata"
        return f"give --metadata {example}, or --metadata {NO_METADATA} for none yet"


@dataclass(eq=False)
class DirectoryTaken(LockgateError):
    """The folder for the revisions holds something else, or cannot be one."""

    directory: Path
    reason: str

    code: ClassVar[str] = "LG-INIT-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which folder."""
        return f'"{self.directory}" cannot hold the revisions: {self.reason}'

    @property
    def hint(self) -> str:
        """How to choose another."""
        return "name another folder with --directory, for example --directory alembic"


@dataclass(eq=False)
class FileNotWritten(LockgateError):
    """A file could not be written; those written before it were taken back."""

    path: Path
    reason: str

    code: ClassVar[str] = "LG-INIT-5"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file, and the system's reason."""
        return f'"{self.path}" cannot be written ({self.reason}); nothing was changed'

    @property
    def hint(self) -> str:
        """What must be possible."""
        return "run the command in a folder in which you may make files"


@dataclass(eq=False)
class AnotherSettled(LockgateError):
    """The settings that hold here already name another Alembic set-up."""

    settings: Path
    alembic: str
    asked: str

    code: ClassVar[str] = "LG-INIT-6"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Both set-ups."""
        return f'"{self.settings}" is for "{self.alembic}", not for "{self.asked}"'

    @property
    def hint(self) -> str:
        """How to have both."""
        return "name a settings file of its own for the other with --config FILE"


@dataclass(eq=False)
class SettingsFileOfAnotherKind(LockgateError):
    """New settings would go into a file that is somebody else's."""

    path: Path

    code: ClassVar[str] = "LG-INIT-7"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file."""
        return f'"{self.path}" is there and has no [tool.lockgate]; it is not changed'

    @property
    def hint(self) -> str:
        """Where new settings go."""
        return f"leave --config away, or name a new {SETTINGS_FILE}"


Choose = Callable[[str, tuple[str, ...]], str]
"""Asks a person a question with these answers; other answers are possible."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command was asked for; None where it shall find out.

    `folder` is where it runs, `config` the settings file, `alembic` Alembic's configuration.
    `metadata`, `directory` and `template` are for a new Alembic set-up alone.
    """

    folder: Path
    config: Path | None = None
    alembic: Path | None = None
    metadata: str | None = None
    directory: str = "migrations"
    template: EnvTemplate = EnvTemplate.GENERIC


def init(wishes: Wishes, environ: Mapping[str, str], choose: Choose | None) -> SetUp:
    """What is set up now. `choose` is None where there is nobody to ask.

    Raises SettingsInvalid, SeveralConfigurations, MetadataUnclear, DirectoryTaken,
    FileNotWritten, or what opening the Alembic set-up raises.
    """
    settings = _existing_settings(wishes)
    if settings is not None:
        settings_path, section, variable = settings.path, settings.section, settings.url_variable
        configuration = settings.alembic
    else:
        settings_path, configuration = _places(wishes, choose)
        section, variable = "alembic", "DATABASE_URL"
    wanted: dict[Path, str] = {}
    metadata = project = None
    if configuration.is_file() or wishes.alembic is not None or configuration.name == PYPROJECT:
        project = open_project(settings_path.parent, configuration, section=section)
        directory = Path(project.directory.dir)
        if not (directory / "env.py").is_file():
            raise AlembicNotFound(configuration, f'"{directory}" has no env.py')
    else:
        directory = configuration.parent / wishes.directory
        metadata = _metadata(wishes, configuration.parent, choose)
        wanted |= _alembic_files(wishes, configuration, directory, metadata, variable)
    lock = _lock(project)
    wanted |= {
        settings_path.parent / LOCK_FILE: lockfile.render(lock),
        **_ci_example(settings_path, configuration),
        settings_path: _settings_text(settings_path, configuration, project),
    }
    written = _write_missing(wanted)
    return SetUp(
        settings=_shown(settings_path, wishes.folder),
        alembic=_shown(configuration, wishes.folder),
        script_directory=_shown(directory, wishes.folder),
        revisions=len(lock.revisions),
        metadata=None if metadata is None else metadata.spelled,
        written=tuple(_shown(path, wishes.folder) for path in written),
        kept=tuple(_shown(path, wishes.folder) for path in wanted if path not in written),
        commands=_commands(load_settings(settings_path), wishes.folder, environ, lock),
    )


def _existing_settings(wishes: Wishes) -> Settings | None:
    try:
        path = wishes.config or find_settings(wishes.folder)
    except SettingsMissing:
        return None
    if not path.is_file():
        return None
    if path.name == PYPROJECT and "[tool.lockgate" not in path.read_text(encoding="utf-8"):
        raise SettingsFileOfAnotherKind(path)
    settings = load_settings(path)
    if wishes.alembic is not None and wishes.alembic.resolve() != settings.alembic.resolve():
        named = _shown(settings.alembic, wishes.folder)
        raise AnotherSettled(path, named, str(wishes.alembic))
    return settings


def _places(wishes: Wishes, choose: Choose | None) -> tuple[Path, Path]:
    """The settings file to write, and Alembic's configuration, which may have to be made."""
    if wishes.config is not None and wishes.config.name == PYPROJECT:
        raise SettingsFileOfAnotherKind(wishes.config)
    if wishes.alembic is not None:
        configuration = Path(os.path.normpath(wishes.folder / wishes.alembic))
    else:
        found = find_configurations(wishes.folder)
        names = tuple(_shown(path, wishes.folder) for path in found)
        if len(found) > 1 and choose is None:
            raise SeveralConfigurations(names)
        if len(found) > 1 and choose is not None:
            configuration = wishes.folder / choose("Which Alembic set-up?", names)
        else:
            configuration = found[0] if found else wishes.folder / INI
    # Above the folder that the command runs in, the settings stand with Alembic's.
    beside = wishes.folder if wishes.folder in configuration.parents else configuration.parent
    settings_path = wishes.folder / (wishes.config or beside / SETTINGS_FILE)
    return Path(os.path.normpath(settings_path)), configuration


def _metadata(wishes: Wishes, root: Path, choose: Choose | None) -> Metadata | None:
    answer = wishes.metadata
    if answer is None:
        found = find_metadata(root)
        names = tuple(metadata.spelled for metadata in found)
        if len(found) == 1:
            return found[0]
        if choose is None:
            raise MetadataUnclear(names)
        answer = choose("Which metadata has the tables (package.module:name)?", (*names, "none"))
    return None if answer == NO_METADATA else name_metadata(answer, root)


def _alembic_files(
    wishes: Wishes, configuration: Path, directory: Path, metadata: Metadata | None, variable: str
) -> dict[Path, str]:
    """Files of the new set-up; raises DirectoryTaken if others stand where they go."""
    root = configuration.parent
    if not directory.resolve().is_relative_to(root.resolve()):
        raise DirectoryTaken(directory, f'it is not below "{root}"')
    wanted = new_setup(
        configuration,
        Path(os.path.normpath(directory)),
        template=wishes.template,
        metadata=metadata,
        variable=variable,
    )
    if directory.is_dir():
        for path in directory.rglob("*"):
            if path.is_file() and (path not in wanted or path.read_text() != wanted[path]):
                raise DirectoryTaken(directory, f'it holds "{path.relative_to(directory)}"')
    return wanted


def _lock(project: AlembicProject | None) -> LockFile:
    """The revisions as they are now, rehearsed or not: from here on an edit shows."""
    if project is None:
        return LockFile()
    return LockFile(
        tuple(
            LockedRevision(file.revision, file.parent, file.depends_on, file.syntax)
            for file in read_revision_files(project.directory)
        )
    )


def _ci_example(settings_path: Path, configuration: Path) -> dict[Path, str]:
    """The example, at the top of the repository; none where it was taken into use."""
    existing = next(above for above in configuration.parents if above.is_dir())
    top = git(existing, "rev-parse", "--show-toplevel")
    folder = Path(top or os.path.commonpath((configuration.parent, settings_path.parent)))
    example = folder / CI_FOLDER / CI_EXAMPLE
    if example.with_suffix("").exists():
        return {}
    inside = Path(os.path.relpath(settings_path, folder)).as_posix()
    config = "" if inside == SETTINGS_FILE else f" --config {inside}"
    text = files("lockgate.workflows").joinpath(f"templates/{CI_EXAMPLE}").read_text()
    return {example: Template(text).substitute(config=config)}


def _settings_text(path: Path, configuration: Path, project: AlembicProject | None) -> str:
    relative = Path(os.path.relpath(configuration, path.parent)).as_posix()
    names = () if project is None else database_names(project)
    branch = _main_branch(path.parent)
    text = files("lockgate.workflows").joinpath("templates/settings.template").read_text()
    return Template(text).substitute(
        alembic=json.dumps(relative),
        dev=_urls("dev", names),
        prod=_urls("prod", names),
        branch=f"branch = {json.dumps(branch)}" if branch else '# branch = "main"',
    )


def _urls(environment: str, names: tuple[str, ...]) -> str:
    """The one URL setting of `environment`, or a table with one for each of `names`."""
    prefix = environment.upper()
    if not names:
        return f'url = "env:{prefix}_DATABASE_URL"'
    pairs = (
        f'databases.{_key(name)} = "env:{prefix}_{re.sub("[^A-Z0-9]", "_", name.upper())}_URL"'
        for name in names
    )
    return "\n".join(pairs)


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else json.dumps(name)


def _main_branch(folder: Path) -> str | None:
    """The branch that releases come from: the remote's default, main or master, the current."""
    default = git(folder, "rev-parse", "--abbrev-ref", "origin/HEAD")
    if default and default.startswith("origin/"):
        return default.removeprefix("origin/")
    for name in ("main", "master"):
        if git(folder, "rev-parse", "--verify", "--quiet", f"refs/heads/{name}"):
            return name
    return git(folder, "symbolic-ref", "--short", "HEAD")


def _write_missing(wanted: Mapping[Path, str]) -> tuple[Path, ...]:
    """The files that were missing, written in the order given.

    Raises FileNotWritten, after taking back what it wrote.
    """
    made: list[Path] = []
    written: list[Path] = []
    for path, text in wanted.items():
        if path.exists():
            continue
        try:
            for folder in reversed(path.parents):
                if not folder.exists():
                    folder.mkdir()
                    made.append(folder)
            write_atomically(path, text)
            made.append(path)
        except OSError as error:
            _take_back(made)
            raise FileNotWritten(path, error.strerror or type(error).__name__) from error
        written.append(path)
    return tuple(written)


def _take_back(made: list[Path]) -> None:
    for path in reversed(made):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)


def _commands(
    settings: Settings, folder: Path, environ: Mapping[str, str], lock: LockFile
) -> tuple[str, ...]:
    """What to run next, from setting the variable to the first upgrade."""
    development = [e for e in settings.environments if e.role is Role.DEVELOPMENT]
    if not development:
        return ("lockgate env list",)
    name = development[0].name
    first = (
        ("lockgate rehearse", f"lockgate upgrade --env {name}")
        if lock.revisions
        else (f'lockgate revision --env {name} -m "first tables"',)
    )
    found_from_here = folder == settings.root or settings.root in folder.parents
    config = "" if found_from_here else f" --config {_shown(settings.path, folder)}"
    return (
        *(
            f"export {variable}=postgresql://USER:PASSWORD@HOST:5432/DBNAME"
            for variable in _unset_variables(development[0], environ)
        ),
        f"lockgate env enroll {name}{config}",
        *(f"{command}{config}" for command in first),
    )


def _unset_variables(environment: Environment, environ: Mapping[str, str]) -> tuple[str, ...]:
    names = (url.removeprefix("env:") for _, url in environment.databases if url[:4] == "env:")
    return tuple(name for name in names if not environ.get(name))


def _shown(path: Path, folder: Path) -> str:
    return os.path.relpath(path, folder)
