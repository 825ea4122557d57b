"""The team's Alembic set-up: its configuration, its revision directory, and the URL handed to it.

Answers where Alembic's files are and makes `env.py` see the URL of one Environment. Running
`env.py` is `driver`'s.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from configparser import Error as ConfigParserError
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import ClassVar
from warnings import catch_warnings

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import __version__ as sqlalchemy_version

from lockgate.core.environment import PRIMARY
from lockgate.core.url import SCHEMES, DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.process import sys_path_kept
from lockgate.migrations.revisions import open_script_directory, version_locations


@dataclass(eq=False)
class AlembicNotFound(LockgateError):
    """The settings name an Alembic configuration that is not there, or not one."""

    path: Path
    reason: str

    code: ClassVar[str] = "LG-ALE-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file, and what is wrong with it."""
        return f'no Alembic set-up at "{self.path}": {self.reason}'

    @property
    def hint(self) -> str:
        """Point the settings at it."""
        return (
            "set alembic in the settings to your alembic.ini or pyproject.toml, "
            "or run `lockgate init`"
        )


@dataclass(eq=False)
class AlembicUnreadable(LockgateError):
    """An Alembic configuration that is not written as its format wants."""

    path: Path
    reason: str

    code: ClassVar[str] = "LG-ALE-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file, and where it stops making sense."""
        return f'the Alembic configuration "{self.path}" cannot be read: {self.reason}'

    @property
    def hint(self) -> str:
        """What to correct."""
        return "correct the file until `alembic heads` can read it, then run the command again"


@dataclass(eq=False)
class DatabaseSectionMissing(LockgateError):
    """A database of the settings that Alembic's configuration does not have."""

    part: str

    code: ClassVar[str] = "LG-ALE-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The name."""
        return f'the settings name a database "{self.part}", but alembic.ini has no [{self.part}]'

    @property
    def hint(self) -> str:
        """Which names count."""
        return "name the databases in the settings as `databases` in alembic.ini does"


@dataclass(frozen=True, slots=True)
class AlembicProject:
    """An opened Alembic set-up. `root` is the folder in which the team runs Alembic."""

    root: Path
    config: Config
    directory: ScriptDirectory

    def reopened(self) -> AlembicProject:
        """The same set-up with its revision files read afresh, as a new process would."""
        with sys_path_kept(), chdir(self.root):
            return AlembicProject(self.root, self.config, open_script_directory(self.config))

    def module_folders(self) -> tuple[Path, ...]:
        """Where the team's modules are imported from: the root, and what Alembic prepends."""
        with catch_warnings(action="ignore"):  # said already, when the set-up was opened
            prepended = self.config.get_prepend_sys_paths_list() or ()
        return (self.root, *map(Path, prepended))


def open_project(
    settings_root: Path, alembic_file: Path, *, section: str, x_arguments: tuple[str, ...] = ()
) -> AlembicProject:
    """The Alembic set-up that `alembic_file` (an ini file or a pyproject.toml) describes.

    Raises AlembicNotFound, AlembicUnreadable, and what opening the revisions raises.
    """
    root, config = _configured(settings_root, alembic_file, section=section, x=x_arguments)
    with chdir(root):
        try:
            return AlembicProject(root, config, open_script_directory(config))
        except CommandError as error:
            raise AlembicNotFound(alembic_file, str(error).rstrip(".")) from error


def version_folders(settings_root: Path, alembic_file: Path, *, section: str) -> tuple[Path, ...]:
    """The folders of the revision files, none of which is read.

    Raises AlembicNotFound, AlembicUnreadable.
    """
    root, config = _configured(settings_root, alembic_file, section=section)
    with chdir(root):
        try:
            return version_locations(ScriptDirectory.from_config(config))
        except CommandError as error:
            raise AlembicNotFound(alembic_file, str(error).rstrip(".")) from error


def _configured(
    settings_root: Path, alembic_file: Path, *, section: str, x: tuple[str, ...] = ()
) -> tuple[Path, Config]:
    """The folder in which the team runs Alembic, and its configuration."""
    folder = alembic_file.parent.resolve()
    toml = folder / "pyproject.toml"
    ini = folder / ("alembic.ini" if alembic_file.name == toml.name else alembic_file.name)
    if not alembic_file.is_file():
        raise AlembicNotFound(alembic_file, "there is no such file")
    config = Config(
        file_=str(ini) if ini.is_file() else None,
        toml_file=str(toml) if toml.is_file() else None,
        ini_section=section,
        cmd_opts=Namespace(quiet=True, x=list(x) or None, name=section, config=str(ini)),
        stdout=sys.stderr,
    )
    return _where_run(alembic_file, config, settings_root), config


def _where_run(alembic_file: Path, config: Config, settings_root: Path) -> Path:
    """The folder in which the team runs Alembic, where relative paths start: the file's own.

    The settings' instead, if a relative script_location leads somewhere only from there.
    """
    folder = alembic_file.parent.resolve()
    try:
        location = config.get_alembic_option("script_location")
    except (ConfigParserError, TOMLDecodeError, UnicodeDecodeError) as error:
        # The parser quotes the line it stopped at, which may be the one with the URL.
        raise AlembicUnreadable(alembic_file, _where_it_stopped(error)) from None
    if location and not (folder / location).is_dir() and (settings_root / location).is_dir():
        return settings_root
    return folder


def _where_it_stopped(error: Exception) -> str:
    lines = [number for number, _ in getattr(error, "errors", ())]
    line = lines[0] if lines else getattr(error, "lineno", None)
    kind = type(error).__name__
    return f"line {line} makes no sense ({kind})" if line else f"it makes no sense ({kind})"


@contextmanager
def urls_delivered(
    project: AlembicProject, urls: Mapping[str, DatabaseUrl], *, variable: str, driver: str | None
) -> Iterator[None]:
    """While open, `env.py` finds `urls` where teams look for theirs.

    That is `sqlalchemy.url` of Alembic's section (or of the section named like the database, as
    the multi-database template has it) and the environment variable `variable`. Everything is
    put back afterwards, so that the URL outlives the run nowhere.

    Raises DatabaseSectionMissing.
    """
    config = project.config
    for part in urls:
        if part != PRIMARY and not config.file_config.has_section(part):
            raise DatabaseSectionMissing(part)
    before = {part: _written_url(config, part) for part in urls}
    environ_before = os.environ.get(variable)
    try:
        for part, url in urls.items():
            spelled = spell(url, project, driver=driver, part=part).render()
            config.set_section_option(_section(config, part), _URL, spelled.replace("%", "%%"))
            if part == PRIMARY:
                os.environ[variable] = spelled
        yield
    finally:
        for part, previous in before.items():
            if previous is None:
                config.file_config.remove_option(_section(config, part), _URL)
            else:
                config.set_section_option(_section(config, part), _URL, previous)
        _restore(variable, environ_before)


def spell(
    url: DatabaseUrl, project: AlembicProject, *, driver: str | None, part: str = PRIMARY
) -> DatabaseUrl:
    """`url` with the driver that this set-up's `env.py` can open.

    In order: the settings' `driver`, the URL's own, the one in Alembic's configuration, asyncpg
    for an async `env.py`, SQLAlchemy's default where it is installed, psycopg.
    """
    chosen = driver or url.driver or _configured_driver(project.config, part)
    if chosen is None:
        env_py = Path(project.directory.dir, "env.py")
        is_async = env_py.is_file() and "async_engine" in env_py.read_text(errors="replace")
        default = "psycopg2" if sqlalchemy_version.startswith("2.0") else "psycopg"
        wanted = "asyncpg" if is_async else default
        chosen = wanted if find_spec(wanted) else "psycopg"
    return url.with_driver(chosen)


_URL = "sqlalchemy.url"


def _section(config: Config, part: str) -> str:
    return config.config_ini_section if part == PRIMARY else part


def _written_url(config: Config, part: str) -> str | None:
    return config.file_config.get(_section(config, part), _URL, raw=True, fallback=None)


def _configured_driver(config: Config, part: str) -> str | None:
    """The driver in the file's own URL, unless that is the example of Alembic's templates."""
    dialect, _, driver = (_written_url(config, part) or "").partition("://")[0].partition("+")
    return driver or None if dialect in SCHEMES else None


def _restore(variable: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = value
