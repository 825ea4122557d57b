"""lockgate.toml or [tool.lockgate] -> Settings.

Answers what the project's settings say and where they stand. Leaves finding the credentials
to `secrets` and Alembic's own configuration to `migrations`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec

from lockgate.core.duration import parse_duration_ms
from lockgate.core.environment import PRIMARY, Budget, Check, Environment, Role
from lockgate.core.size import parse_bytes
from lockgate.errors import ExitStatus, LockgateError

SETTINGS_FILE = "lockgate.toml"
LOCK_FILE = "lockgate.lock"
STATE_DIRECTORY = ".lockgate"


@dataclass(eq=False)
class SettingsMissing(LockgateError):
    """No settings file here or above."""

    start: Path

    code: ClassVar[str] = "LG-CFG-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Where lockgate looked."""
        return f'no lockgate.toml and no [tool.lockgate] in "{self.start}" or above'

    @property
    def hint(self) -> str:
        """How to make one."""
        return "run `lockgate init` at the top of the repository, or name the file with --config"


@dataclass(eq=False)
class SettingsInvalid(LockgateError):
    """A settings file that cannot be read or says something that is not allowed."""

    path: Path
    reason: str
    remedy: str = "correct the file; docs/settings.md lists every setting"

    code: ClassVar[str] = "LG-CFG-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """File and reason, with the place where the parser gives one."""
        return f'"{self.path}" is not valid: {self.reason}'

    @property
    def hint(self) -> str:
        """What to correct."""
        return self.remedy


@dataclass(eq=False)
class EnvironmentUnknown(LockgateError):
    """A name that the settings do not have."""

    name: str
    known: tuple[str, ...]

    code: ClassVar[str] = "LG-CFG-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The name, and those that exist."""
        return f'the settings have no environment "{self.name}"'

    @property
    def hint(self) -> str:
        """The names that exist."""
        if not self.known:
            return f"add a table [environments.{self.name}] with role and url to the settings"
        return f"use one of {', '.join(self.known)}, or add [environments.{self.name}]"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the settings file says.

    `path` is the file and `root` its folder, from which relative paths start. `alembic` is the
    file with Alembic's configuration and `section` its section. `url_variable` names the
    environment variable in which `env.py` may look for its URL. `scratch` is the URL setting of
    a server that may hold scratch databases, `scratch_major` the PostgreSQL major to rehearse on;
    None means the target's.
    """

    path: Path
    alembic: Path
    section: str
    url_variable: str
    driver: str | None
    scratch: str | None
    scratch_major: int | None
    scratch_extensions: tuple[str, ...]
    shared_cluster: bool
    environments: tuple[Environment, ...]

    @property
    def root(self) -> Path:
        """The folder that relative paths start from."""
        return self.path.parent

    @property
    def lock_path(self) -> Path:
        """The lock file, beside the settings."""
        return self.root / LOCK_FILE

    @property
    def state_directory(self) -> Path:
        """The folder for what belongs to this checkout alone: embedded servers, scratch."""
        return self.root / STATE_DIRECTORY

    @property
    def parts(self) -> tuple[str, ...]:
        """The databases of the set-up, as the first Environment names them; PRIMARY without one."""
        for environment in self.environments:
            return tuple(part for part, _ in environment.databases)
        return (PRIMARY,)

    def environment(self, name: str) -> Environment:
        """The Environment called `name`; raises EnvironmentUnknown."""
        for environment in self.environments:
            if environment.name == name:
                return environment
        raise EnvironmentUnknown(name, tuple(e.name for e in self.environments))


def find_settings(start: Path) -> Path:
    """The settings file that holds for `start`: the nearest one upwards.

    Raises SettingsMissing.
    """
    for folder in (start, *start.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder / SETTINGS_FILE
        pyproject = folder / "pyproject.toml"
        if pyproject.is_file() and "lockgate" in _read_toml(pyproject).get("tool", {}):
            return pyproject
    raise SettingsMissing(start)


def load_settings(path: Path) -> Settings:
    """Settings of the file at `path`; raises SettingsInvalid or SettingsMissing."""
    if not path.is_file():
        raise SettingsInvalid(path, "there is no such file", "name an existing file with --config")
    document = _read_toml(path)
    if path.name == "pyproject.toml":
        document = document.get("tool", {}).get("lockgate", {})
    try:
        return _settings(path.resolve(), _checked(document))
    except ValueError as error:
        raise SettingsInvalid(path, str(error)) from error


class _ScratchTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    url: str | None = None
    postgres: int | None = None
    extensions: tuple[str, ...] = ()


class _CheckTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: str
    sql: str | None = None
    expect: str | None = None
    command: str | None = None
    timeout: str = "10s"


class _EnvironmentTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    role: Role
    url: str | None = None
    databases: dict[str, str] = {}
    hosts: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    branch: str | None = None
    window: str | None = None
    checks: tuple[_CheckTable, ...] = ()
    lock_timeout: str = "2s"
    lock_budget: str = "5min"
    statement_timeout: str = "0s"
    oldest_transaction: str = "30s"
    disk: str | None = None
    aws_profile: str | None = None
    aws_region: str | None = None
    aws_role_arn: str | None = None
    aws_endpoint_url: str | None = None
    aws_version_stage: str | None = None
    dbname: str | None = None
    command_timeout_s: str | None = None
    sslmode: str | None = None


_SOURCE_OPTIONS = (
    "aws_profile",
    "aws_region",
    "aws_role_arn",
    "aws_endpoint_url",
    "aws_version_stage",
    "dbname",
    "command_timeout_s",
    "sslmode",
)


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    alembic: str = "alembic.ini"
    section: str = "alembic"
    url_variable: str = "DATABASE_URL"
    driver: str | None = None
    shared_cluster: bool = False
    scratch: _ScratchTable = _ScratchTable()
    environments: dict[str, _EnvironmentTable] = {}


def _read_toml(path: Path) -> dict[str, Any]:  # Any: TOML before it is checked
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(path, str(error)) from error
    except UnicodeDecodeError as error:
        raise SettingsInvalid(path, "it is not UTF-8") from error
    except OSError as error:
        raise SettingsInvalid(path, error.strerror or "it cannot be read") from error


_T = TypeVar("_T")


def _checked(document: dict[str, Any]) -> _File:
    # msgspec leaves the keys of a table out of its messages; so each Environment is also checked
    # by itself, under its name.
    environments = document.get("environments")
    if isinstance(environments, dict):
        for name, table in environments.items():
            _convert(table, _EnvironmentTable, f"environments.{name}")
    return _convert(document, _File, "")


def _convert(value: object, kind: type[_T], place: str) -> _T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        reason, _, within = str(error).partition(" - at `$")
        place = (place + within.rstrip("`")).lstrip(".")
        raise ValueError(_in_words(reason) + (f", at `{place}`" if place else "")) from error


_IN_WORDS = (
    (r"Object contains unknown field", "there is no setting"),
    (r"Object missing required field `(.*)`", r"`\1` is missing"),
    (r"Invalid enum value '(.*)'", rf'"\1" is none of {", ".join(Role)}'),
    (r"Expected `", "expected `"),
    (r"`object`", "a table"),
    (r"`array`", "a list"),
    (r"`str( \| null)?`", "text in quotes"),
    (r"`int( \| null)?`", "a whole number"),
    (r"`float`", "a number with a point"),
    (r"`bool`", "true or false"),
)


def _in_words(reason: str) -> str:
    """msgspec's message in the words of TOML."""
    for pattern, words in _IN_WORDS:
        reason = re.sub(pattern, words, reason)
    return reason


def _settings(path: Path, written: _File) -> Settings:
    environments = tuple(_environment(name, e) for name, e in sorted(written.environments.items()))
    known = {environment.name for environment in environments}
    for environment in environments:
        if missing := set(environment.requires) - known:
            raise ValueError(
                f"environments.{environment.name}.requires names "
                f'"{min(missing)}", which is no environment'
            )
        if environment.name in environment.requires:
            raise ValueError(f"environments.{environment.name} requires itself")
    return Settings(
        path=path,
        alembic=path.parent / written.alembic,
        section=written.section,
        url_variable=written.url_variable,
        driver=written.driver,
        scratch=written.scratch.url,
        scratch_major=written.scratch.postgres,
        scratch_extensions=written.scratch.extensions,
        shared_cluster=written.shared_cluster,
        environments=environments,
    )


def _environment(name: str, table: _EnvironmentTable) -> Environment:
    if (table.url is None) == (not table.databases):
        raise ValueError(f"environments.{name} needs either url or databases")
    databases: Mapping[str, str] = table.databases or {PRIMARY: table.url or ""}
    options = {option: getattr(table, option) for option in _SOURCE_OPTIONS}
    return Environment(
        name=name,
        role=table.role,
        databases=tuple(databases.items()),
        hosts=table.hosts,
        schemas=table.schemas,
        requires=table.requires,
        branch=table.branch,
        window=table.window,
        checks=tuple(_check(name, check) for check in table.checks),
        budget=Budget(
            lock_timeout_ms=_positive(name, "lock_timeout", table.lock_timeout),
            lock_budget_ms=_positive(name, "lock_budget", table.lock_budget),
            statement_timeout_ms=_duration(name, "statement_timeout", table.statement_timeout),
            oldest_transaction_ms=_duration(name, "oldest_transaction", table.oldest_transaction),
        ),
        disk_bytes=_size(name, "disk", table.disk),
        source_options=tuple((key, value) for key, value in options.items() if value is not None),
    )


def _positive(name: str, key: str, text: str) -> int:
    """A duration that must not be 0, which PostgreSQL reads as "no bound"."""
    milliseconds = _duration(name, key, text)
    if milliseconds == 0:
        raise ValueError(f"environments.{name}.{key} must be more than 0: 0 would mean no bound")
    return milliseconds


def _duration(name: str, key: str, text: str) -> int:
    try:
        return parse_duration_ms(text)
    except ValueError as error:
        raise ValueError(f"{error}, at `environments.{name}.{key}`") from error


def _size(name: str, key: str, text: str | None) -> int | None:
    try:
        return None if text is None else parse_bytes(text)
    except ValueError as error:
        raise ValueError(f"{error}, at `environments.{name}.{key}`") from error


def _check(environment: str, table: _CheckTable) -> Check:
    if (table.sql is None) == (table.command is None):
        raise ValueError(
            f'check "{table.name}" of environments.{environment} needs either sql or command'
        )
    return Check(
        name=table.name,
        sql=table.sql,
        expect=table.expect,
        command=table.command,
        timeout_ms=_positive(environment, f"checks.{table.name}.timeout", table.timeout),
    )
