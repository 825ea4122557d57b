"""Which database this is: the mark inside it, its physical facts, and whether both agree.

Decides from values alone. Reading mark and facts is `postgres.identity`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from lockgate.core.environment import Environment, Role
from lockgate.errors import ExitStatus, LockgateError

LOCALHOST = "localhost"
MARK_FORMAT = 1
"""The layout of the mark that this lockgate writes and understands."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a connection shows of the physical database behind it.

    `system_identifier` is None where the role may not read it; `host` is how the connection was
    addressed, with every way to this machine as `localhost`, and None where the driver does not
    say; `port` is the one that the server itself listens on; `schema` is where an unqualified
    CREATE TABLE would go, None where nowhere. `announced_pid` is the server process that the
    driver was told of at login, `backend_pid` the one that answers.
    """

    database: str
    oid: int
    system_identifier: str | None
    host: str | None
    port: int
    schema: str | None
    server_version: int
    in_recovery: bool
    announced_pid: int | None
    backend_pid: int
    user: str

    @property
    def cluster(self) -> str:
        """The cluster's own number, or its address where that may not be read."""
        return self.system_identifier or f"{self.host}:{self.port}"

    @property
    def place(self) -> str:
        """Database and host in words, for messages."""
        return f'database "{self.database}"' + (f' on "{self.host}"' if self.host else "")


@dataclass(frozen=True, slots=True)
class Mark:
    """What enrolling wrote into a database: which Environment it is, and where it was then."""

    format: int
    uuid: str
    environment: str
    role: Role
    part: str
    system_identifier: str | None
    oid: int
    host: str | None
    port: int
    database: str
    schema: str | None
    enrolled_at: datetime
    enrolled_by: str


@dataclass(frozen=True, slots=True)
class NewerMark:
    """A mark of a format that this lockgate does not know."""

    format: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """Which database a command means to be on.

    `environment` None stands for "whatever the mark says". `uuid`, where known (lock file, or
    an earlier connection of the same command), must be the mark's. `hosts` and `schemas` are
    further ones that the settings allow. `clusters_of_others` are names and system identifiers of
    Environments with another role, none where the settings allow to share a cluster.
    """

    environment: str | None
    role: Role | None = None
    part: str = ""
    uuid: str | None = None
    hosts: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    clusters_of_others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentView:
    """An Environment as the settings have it and, where it was asked, as it answers.

    `identity` is `ok`, `unmarked`, `wrong`, `moved` or `unreachable`; `problem` says why it is
    not ok. `mark` and `facts` are None where the database was not reached.
    """

    environment: Environment
    urls: Mapping[str, str]
    identity: str
    problem: str | None = None
    mark: Mark | None = None
    facts: Facts | None = None


class WrongDatabase(LockgateError):
    """Identity refused: the database is not, or not provably, the one that was meant."""

    exit_status: ClassVar[ExitStatus] = ExitStatus.WRONG_DATABASE


@dataclass(eq=False)
class MarkDiffers(WrongDatabase):
    """The database is marked as another Environment."""

    expected: str
    found: str
    place: str

    code: ClassVar[str] = "LG-ENV-1"

    @property
    def message(self) -> str:
        """Expected and found."""
        return (
            f'expected environment "{self.expected}", but {self.place} is marked as "{self.found}"'
        )

    @property
    def hint(self) -> str:
        """How to see and mend it."""
        return (
            f"run `lockgate env show {self.expected}` to see where {self.expected} points, "
            f"and correct its url, DATABASE_URL or env.py"
        )


@dataclass(eq=False)
class MarkMissing(WrongDatabase):
    """The database has no mark where one is expected."""

    expected: str | None
    place: str

    code: ClassVar[str] = "LG-ENV-2"

    @property
    def message(self) -> str:
        """Which database lacks a mark."""
        wanted = f'the mark of environment "{self.expected}"' if self.expected else "a mark"
        return f"expected {wanted}, but {self.place} has none"

    @property
    def hint(self) -> str:
        """How to write the mark, on purpose."""
        name = self.expected or "NAME"
        return (
            f"check where it points with `lockgate env show {name}`; if this really is "
            f"{name}, run `lockgate env enroll {name}`"
        )


@dataclass(eq=False)
class MarkMoved(WrongDatabase):
    """The mark was made on another physical database: a restore, a copy, another server."""

    environment: str
    what: str
    expected: str
    found: str
    place: str

    code: ClassVar[str] = "LG-ENV-3"

    @property
    def message(self) -> str:
        """Which fact moved, from what to what."""
        return (
            f'expected "{self.environment}" as it was enrolled, with {self.what} '
            f'"{self.expected}", but {self.place} has {self.what} "{self.found}": '
            f"it is a restore, a copy, or another server"
        )

    @property
    def hint(self) -> str:
        """Relabel, or name the alias."""
        relabel = (
            "if this database shall be used from now on, run `lockgate env relabel NAME` "
            "with the environment that it shall be"
        )
        if self.what == "host":
            return (
                f'if "{self.found}" is another name of the same server, add it to hosts of '
                f"[environments.{self.environment}]; {relabel}"
            )
        return f"correct the url; {relabel}"


@dataclass(eq=False)
class MarkIsAnother(WrongDatabase):
    """The mark has the right name but is not the one that was enrolled."""

    environment: str
    expected: str
    found: str
    place: str

    code: ClassVar[str] = "LG-ENV-4"

    @property
    def message(self) -> str:
        """Both identities."""
        return (
            f'expected the "{self.environment}" with mark "{self.expected}", '
            f'but {self.place} is another "{self.environment}", with mark "{self.found}"'
        )

    @property
    def hint(self) -> str:
        """Where the expectation came from."""
        return (
            "let the settings, DATABASE_URL and env.py all lead to one database; if it was "
            f"enrolled anew on purpose, remove {self.environment} from lockgate.lock and run "
            f"`lockgate env enroll {self.environment}`"
        )


@dataclass(eq=False)
class MarkTooNew(WrongDatabase):
    """The mark was written by a newer lockgate."""

    format: int
    database: str

    code: ClassVar[str] = "LG-ENV-5"

    @property
    def message(self) -> str:
        """Both formats."""
        return (
            f'expected a mark of format "{MARK_FORMAT}" or older, but the one in database '
            f'"{self.database}" has format "{self.format}": a newer lockgate wrote it'
        )

    @property
    def hint(self) -> str:
        """Upgrade."""
        return "upgrade lockgate to the version that the team uses"


@dataclass(eq=False)
class RoleDiffers(WrongDatabase):
    """Settings and mark give the Environment different roles."""

    environment: str
    expected: Role
    found: Role

    code: ClassVar[str] = "LG-ENV-6"

    @property
    def message(self) -> str:
        """Both roles."""
        return (
            f'expected "{self.environment}" to be {self.expected}, as the settings say, '
            f"but the mark in its database says {self.found}"
        )

    @property
    def hint(self) -> str:
        """Which side to mend."""
        return (
            f"correct role in [environments.{self.environment}], or run "
            f"`lockgate env relabel {self.environment}` if the database's role has changed"
        )


@dataclass(eq=False)
class SchemaDiffers(WrongDatabase):
    """The search path leads to another schema, so to another tenant's version table."""

    environment: str
    expected: str | None
    found: str | None

    code: ClassVar[str] = "LG-ENV-7"

    @property
    def message(self) -> str:
        """Both schemas."""
        return (
            f'expected {_schema(self.expected)}, with which "{self.environment}" was enrolled, '
            f"but this connection's search_path leads to {_schema(self.found)}"
        )

    @property
    def hint(self) -> str:
        """Reset, or allow."""
        return (
            "reset search_path (URL options, PGOPTIONS, ALTER ROLE, ALTER DATABASE, env.py); if "
            f"this schema is meant, add it to schemas of [environments.{self.environment}]"
        )


@dataclass(eq=False)
class PoolerBetween(WrongDatabase):
    """A connection pooler stands between lockgate and the server."""

    announced_pid: int
    backend_pid: int
    place: str

    code: ClassVar[str] = "LG-ENV-8"

    @property
    def message(self) -> str:
        """How it was recognised."""
        return (
            f"expected the server itself, but a pooler stands before {self.place}: the login "
            f"announced process {self.announced_pid}, and process {self.backend_pid} answers"
        )

    @property
    def hint(self) -> str:
        """Use the direct address."""
        return (
            "give the server's own host and port: behind a pooler neither session locks nor "
            "timeouts stay with the session that set them"
        )


@dataclass(eq=False)
class ClusterShared(WrongDatabase):
    """Two Environments with different roles are databases of one cluster."""

    environment: str
    other: str
    cluster: str

    code: ClassVar[str] = "LG-ENV-9"

    @property
    def message(self) -> str:
        """Which two share what."""
        return (
            f'expected "{self.environment}" and "{self.other}" on servers of their own, '
            f'but both are databases of the cluster "{self.cluster}"'
        )

    @property
    def hint(self) -> str:
        """Move, or allow on purpose."""
        return (
            f"move {self.environment} to another server, or write shared_cluster = true "
            "at the top of the settings to allow it on purpose"
        )


@dataclass(eq=False)
class UrlShared(WrongDatabase):
    """Two Environments of the settings lead to one database."""

    environment: str
    other: str
    what: str

    code: ClassVar[str] = "LG-ENV-10"

    @property
    def message(self) -> str:
        """Which two share what."""
        return (
            f'expected a database each, but "{self.environment}" and "{self.other}" '
            f"share {self.what}"
        )

    @property
    def hint(self) -> str:
        """Give each its own."""
        return f"correct the url of {self.environment} or {self.other} in the settings"


@dataclass(eq=False)
class TwoTargets(WrongDatabase):
    """DATABASE_URL and --env name different databases."""

    environment: str
    variable: str
    expected: str
    found: str

    code: ClassVar[str] = "LG-ENV-11"

    @property
    def message(self) -> str:
        """Both targets."""
        return (
            f'--env {self.environment} means "{self.expected}", '
            f'but {self.variable} is set to "{self.found}"'
        )

    @property
    def hint(self) -> str:
        """Unset one."""
        return f"unset {self.variable}, or set it to the database of {self.environment}"


@dataclass(eq=False)
class MarkUnknown(WrongDatabase):
    """The database is marked as an Environment that the settings do not have."""

    known: tuple[str, ...]
    found: str
    place: str

    code: ClassVar[str] = "LG-ENV-14"

    @property
    def message(self) -> str:
        """Expected and found."""
        known = " or ".join(f'"{name}"' for name in self.known) or "an environment of the settings"
        return f'expected {known}, but {self.place} is marked as "{self.found}"'

    @property
    def hint(self) -> str:
        """Another database, or one more Environment."""
        return (
            f"correct DATABASE_URL; if {self.found} belongs to this project, "
            f"add [environments.{self.found}] to the settings"
        )


@dataclass(eq=False)
class MarkUnreadable(WrongDatabase):
    """The row that should be the mark was changed into something else."""

    database: str
    reason: str

    code: ClassVar[str] = "LG-ENV-15"

    @property
    def message(self) -> str:
        """Where, and what is wrong with it."""
        return (
            f'expected a mark that says what database "{self.database}" is, but its row in '
            f"lockgate.mark cannot be read: {self.reason}"
        )

    @property
    def hint(self) -> str:
        """Look, then write it anew."""
        return (
            "find out who changed it; when it is certain which database this is, delete the row "
            "and run `lockgate env enroll NAME`"
        )


def judge(expectation: Expectation, mark: Mark | NewerMark | None, facts: Facts) -> Mark:
    """The mark, once it is proved to be the expected one on the database it was made on.

    Raises a WrongDatabase otherwise: the first difference that a person would want to hear.
    """
    if facts.announced_pid not in (None, facts.backend_pid):
        raise PoolerBetween(facts.announced_pid or 0, facts.backend_pid, facts.place)
    if mark is None:
        raise MarkMissing(expectation.environment, facts.place)
    if isinstance(mark, NewerMark):
        raise MarkTooNew(mark.format, facts.database)
    expected = _title(expectation.environment or mark.environment, expectation.part)
    if _title(mark.environment, mark.part) != expected:
        found = _title(mark.environment, mark.part)
        raise MarkDiffers(expected, found, facts.place)
    moved = moved_fact(mark, facts, aliases=expectation.hosts)
    if moved is not None:
        raise moved
    if expectation.uuid is not None and mark.uuid != expectation.uuid:
        raise MarkIsAnother(mark.environment, expectation.uuid, mark.uuid, facts.place)
    if expectation.role is not None and mark.role != expectation.role:
        raise RoleDiffers(mark.environment, expectation.role, mark.role)
    judge_schema(expectation, mark, facts.schema)
    for other, cluster in expectation.clusters_of_others:
        if other != mark.environment and cluster == facts.system_identifier:
            raise ClusterShared(mark.environment, other, cluster)
    return mark


def judge_schema(expectation: Expectation, mark: Mark, schema: str | None) -> None:
    """Raises SchemaDiffers unless `schema` is the mark's or one that the settings allow."""
    if schema != mark.schema and schema not in expectation.schemas:
        raise SchemaDiffers(mark.environment, mark.schema, schema)


def moved_fact(mark: Mark, facts: Facts, *, aliases: tuple[str, ...]) -> MarkMoved | None:
    """The first physical fact that is no longer as it was when the mark was made."""
    compared = [
        ("system identifier", mark.system_identifier, facts.system_identifier),
        ("name", mark.database, facts.database),
        ("oid", mark.oid, facts.oid),
        ("server port", mark.port, facts.port),
        ("host", mark.host, mark.host if facts.host in aliases else facts.host),
    ]
    for what, then, now in compared:
        # What the server or the driver did not tell, then or now, proves nothing either way.
        if None not in (then, now) and then != now:
            return MarkMoved(mark.environment, what, str(then), str(now), facts.place)
    return None


def canonical_host(host: str | None) -> str | None:
    """`host` as it is compared: lower case, and `localhost` for every way to this machine."""
    if host is None:
        return None
    if host.startswith(("/", "@")) or host in ("localhost", "127.0.0.1", "::1", ""):
        return LOCALHOST
    return host.lower().rstrip(".")


def _schema(name: str | None) -> str:
    return "no schema at all" if name is None else f'schema "{name}"'


def _title(environment: str, part: str) -> str:
    return f"{environment}/{part}" if part else environment
