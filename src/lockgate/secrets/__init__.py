"""Sources of credentials, one file each.

A source is a module here, or one that an installed package names in the entry point group
`lockgate.secrets`, with the shape of `Source`. Dropping the file in is enough: `aws-secretsmanager`
is looked for in `aws_secretsmanager.py`. Only the source that a setting names is imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from lockgate.core.url import SCHEMES, DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.secrets._passfile import password_for

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

ENTRY_POINTS = "lockgate.secrets"


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What a source may look at: nothing of the process is read behind its back.

    `options` are the further keys of the environment's settings that concern credentials, for
    example `{"aws_profile": "prod", "aws_region": "eu-west-1"}`. `start_embedded` starts the
    PostgreSQL kept under the name and answers its URL. The one exception is boto3, which reads
    the process's own AWS variables and files.
    """

    environ: Mapping[str, str] = field(repr=False)
    directory: Path
    options: Mapping[str, str] = field(default_factory=dict)
    start_embedded: Callable[[str], DatabaseUrl] | None = None


class Source(Protocol):
    """The shape of a module in this folder."""

    SCHEME: str
    """What stands before the colon, for example `env`."""

    LOCAL: bool
    """Whether resolving needs neither network, nor a program, nor a question to anyone."""

    def resolve(self, reference: str, context: SourceContext) -> DatabaseUrl:
        """The database that `reference` (what stands behind the colon) names."""
        ...


@dataclass(eq=False)
class SourceUnknown(LockgateError):
    """A setting that begins with no scheme that is known here."""

    scheme: str | None
    known: tuple[str, ...]

    code: ClassVar[str] = "LG-SEC-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The scheme; the rest of the setting could be a secret."""
        if self.scheme is None:
            return "a url in the settings begins with no source of credentials"
        return f'"{self.scheme}" is no source of credentials'

    @property
    def hint(self) -> str:
        """What would be one."""
        schemes = ", ".join(f"{scheme}:" for scheme in self.known)
        return f"write url as postgresql:// without a password, or begin it with one of {schemes}"


@dataclass(eq=False)
class PasswordInSettings(LockgateError):
    """A URL in the settings that holds a password; the settings are committed."""

    code: ClassVar[str] = "LG-SEC-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """That it is there, not what it is."""
        return "a url in the settings holds a password"

    @property
    def hint(self) -> str:
        """Where a password may be."""
        return (
            "take the password out (libpq's passfile then applies), or name a source, "
            "for example env:DATABASE_URL; and change the password if it was committed"
        )


@dataclass(eq=False)
class ReferenceMalformed(LockgateError):
    """What stands behind a source's colon is not of the form that the source reads."""

    scheme: str
    form: str

    code: ClassVar[str] = "LG-SEC-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which source could not read its reference."""
        return f'what stands behind "{self.scheme}:" cannot be read'

    @property
    def hint(self) -> str:
        """The form that works."""
        return f"write it as {self.scheme}:{self.form}"


def resolve(url_setting: str, context: SourceContext) -> DatabaseUrl:
    """The database and login that a `url` of the settings names.

    A plain URL stands for itself. The options `dbname` and `sslmode` win over what the source
    says. Where nobody gave a password, libpq's passfile does.

    Raises SourceUnknown, PasswordInSettings, UrlUnreadable, and what the source raises.
    """
    if _is_plain(url_setting):
        url = DatabaseUrl.parse(url_setting, source="the settings")
        if url.holds_secret():
            raise PasswordInSettings
    else:
        scheme, reference = _divided(url_setting)
        url = _find(scheme).resolve(reference, context)
    if context.options.get("dbname"):
        url = replace(url, database=context.options["dbname"])
    if context.options.get("sslmode"):
        parameters = dict(url.parameters) | {"sslmode": context.options["sslmode"]}
        url = replace(url, parameters=tuple(sorted(parameters.items())))
    if url.password is None:
        url = replace(url, password=password_for(url, context.environ))
    return url


def shown(url_setting: str) -> str:
    """The setting as it may be shown.

    Raises SourceUnknown, PasswordInSettings or UrlUnreadable for one that may not.
    """
    if _is_plain(url_setting):
        url = DatabaseUrl.parse(url_setting, source="the settings")
        if url.holds_secret():
            raise PasswordInSettings
    else:
        _find(_divided(url_setting)[0])
    return url_setting


def is_local(url_setting: str) -> bool:
    """Whether `resolve` needs neither network, nor a program, nor a question to anyone.

    Raises SourceUnknown.
    """
    return _is_plain(url_setting) or _find(_divided(url_setting)[0]).LOCAL


def _is_plain(url_setting: str) -> bool:
    scheme, separator, _ = url_setting.partition("://")
    return bool(separator) and scheme.partition("+")[0] in SCHEMES


def _divided(url_setting: str) -> tuple[str, str]:
    scheme, colon, reference = url_setting.partition(":")
    if not colon or not re.fullmatch("[a-z][a-z0-9+-]*", scheme):
        raise SourceUnknown(None, _known())
    return scheme, reference.strip()


def _find(scheme: str) -> Source:
    name = scheme.replace("-", "_")
    if name in _modules():
        return cast(Source, import_module(f"{__name__}.{name}"))
    for entry_point in _entry_points():
        if entry_point.name == scheme:
            return cast(Source, entry_point.load())
    raise SourceUnknown(scheme, _known())


def _modules() -> frozenset[str]:
    return frozenset(
        module.name for module in iter_modules(__path__) if not module.name.startswith("_")
    )


def _known() -> tuple[str, ...]:
    built_in = {name.replace("_", "-") for name in _modules()}
    return tuple(sorted(built_in | {point.name for point in _entry_points()}))


def _entry_points() -> EntryPoints:
    # Imported late: reading packages' metadata takes longer than starting lockgate.
    from importlib.metadata import entry_points

    return entry_points(group=ENTRY_POINTS)
