"""Which database a command goes to, and the guard that lets nothing else be reached.

Resolves `--env NAME` and DATABASE_URL to URLs and to what the mark must say. Refuses, before any
connection, settings in which two Environments lead to one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import ClassVar

from lockgate import secrets
from lockgate.core.environment import PRIMARY, Budget, Environment, Role
from lockgate.core.identity import (
    ClusterShared,
    Expectation,
    Facts,
    Mark,
    MarkUnknown,
    NewerMark,
    TwoTargets,
    UrlShared,
    WrongDatabase,
    canonical_host,
    judge,
    judge_schema,
)
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.driver import DbapiConnection, Target
from lockgate.postgres import session
from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.connect import (
    Checked,
    Connection,
    connect_checked,
    connect_unchecked,
)
from lockgate.postgres.identity import read_identity
from lockgate.postgres.servers import major_kept_in, start_server
from lockgate.secrets import SourceContext
from lockgate.workflows.workspace import Workspace


@dataclass(eq=False)
class NoTarget(LockgateError):
    """Neither --env nor DATABASE_URL says which database is meant."""

    variable: str
    known: tuple[str, ...]

    code: ClassVar[str] = "LG-CFG-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What is missing."""
        return f"no database named: neither --env nor {self.variable} is given"

    @property
    def hint(self) -> str:
        """The environments there are."""
        return f"add --env with one of {', '.join(self.known) or 'your environments'}"


@dataclass(eq=False)
class OneOfSeveral(LockgateError):
    """DATABASE_URL leads to one database of an Environment that has several."""

    variable: str
    environment: str

    code: ClassVar[str] = "LG-CFG-5"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which Environment it is."""
        return f'{self.variable} leads to one database of "{self.environment}", which has several'

    @property
    def hint(self) -> str:
        """Name the Environment instead."""
        return f"unset {self.variable} and add --env {self.environment}"


@dataclass(eq=False)
class RoleForbids(WrongDatabase):
    """The command is not for databases of this role."""

    command: str
    environment: str
    role: Role
    remedy: str

    code: ClassVar[str] = "LG-ENV-12"

    @property
    def message(self) -> str:
        """Command, environment, role."""
        return f'`lockgate {self.command}` does not run on "{self.environment}": it is {self.role}'

    @property
    def hint(self) -> str:
        """The command that does."""
        return self.remedy


@dataclass(frozen=True)
class Destination:
    """The database, or the databases of a multi-database set-up, that a command goes to.

    `environment` is None only for commands that read a database without a mark.
    """

    environment: Environment | None
    urls: Mapping[str, DatabaseUrl]
    expectation: Expectation
    workspace: Workspace = field(repr=False)

    @property
    def name(self) -> str:
        """The Environment's name, or the redacted URL of a database without one."""
        return self.environment.name if self.environment else self.primary.redacted()

    @property
    def primary(self) -> DatabaseUrl:
        """The URL of the first database."""
        return next(iter(self.urls.values()))

    @property
    def budget(self) -> Budget:
        """Lock and statement timeouts."""
        return self.environment.budget if self.environment else Budget()

    def expect(self, part: str) -> Expectation:
        """What the mark of database `part` must say."""
        return replace(self.expectation, part=part)

    def pinned(self, mark: Mark) -> Destination:
        """The same, from now on only with the very mark that was proved.

        Two colleagues may both have a "dev"; a command must not begin on one and end on the other.
        """
        return replace(self, expectation=replace(self.expectation, uuid=mark.uuid))

    def target(self) -> Target:
        """Where `env.py` is sent."""
        settings = self.workspace.settings
        return Target(self.urls, settings.url_variable, settings.driver)

    @contextmanager
    def connected(self, *, purpose: str) -> Iterator[Mapping[str, Checked]]:
        """Connections of lockgate's own to every part, each with its identity proved."""
        with ExitStack() as stack:
            yield {
                part: stack.enter_context(connect_checked(url, self.expect(part), purpose=purpose))
                for part, url in self.urls.items()
            }

    def guard(self, *, purpose: str) -> EnvironmentGuard:
        """The guard for the connections that `env.py` opens."""
        return EnvironmentGuard(self.expectation, tuple(self.urls), self.budget, purpose)

    def refuse_roles(self, command: str, *roles: Role, remedy: str) -> None:
        """Raises RoleForbids if the Environment has one of `roles`."""
        if self.environment is not None and self.environment.role in roles:
            raise RoleForbids(command, self.environment.name, self.environment.role, remedy)


class EnvironmentGuard:
    """Proves the identity of every connection that `env.py` opens, then sets its timeouts."""

    def __init__(
        self, expectation: Expectation, parts: tuple[str, ...], budget: Budget, purpose: str
    ) -> None:
        self.expectation = expectation
        self.parts = parts
        self.budget = budget
        self.purpose = purpose
        self.marks: dict[int, Mark] = {}

    def connected(
        self, connection: DbapiConnection, *, host: str | None, announced_pid: int | None
    ) -> None:
        """Refuses any database but the expected one."""
        cursor = connection.cursor()
        try:
            mark, facts = read_identity(cursor, host=host, announced_pid=announced_pid)
        finally:
            cursor.close()
        proved = judge(replace(self.expectation, part=_part(mark, self.parts)), mark, facts)
        self.marks[id(connection)] = proved
        self.expectation = replace(self.expectation, uuid=proved.uuid)
        session.prepare(connection, self.budget, purpose=self.purpose)

    def configured(self, connection: DbapiConnection) -> str | None:
        """Refuses a search_path that `env.py` turned to another schema since."""
        schema = session.current_schema(connection)
        judge_schema(self.expectation, self.marks[id(connection)], schema)
        return schema


class ReadingGuard:
    """Guards a command that only reads: it may run on a database without a mark.

    A mark that is there must still be the expected one, and the same on every connection.
    `unmarked` says afterwards whether one was missing.
    """

    def __init__(self, destination: Destination, *, purpose: str) -> None:
        self.destination = destination
        self.purpose = purpose
        self.unmarked = False
        self.environment = destination.environment
        self.expectation = destination.expectation
        self.marks: dict[int, Mark] = {}

    def connected(
        self, connection: DbapiConnection, *, host: str | None, announced_pid: int | None
    ) -> None:
        """Refuses a database with another mark, and makes the session read-only."""
        cursor = connection.cursor()
        try:
            mark, facts = read_identity(cursor, host=host, announced_pid=announced_pid)
            if mark is None:
                self.unmarked = True
            else:
                self.marks[id(connection)] = self.prove(mark, facts)
            cursor.execute("SET default_transaction_read_only = on")
        finally:
            cursor.close()
        session.prepare(connection, self.destination.budget, purpose=self.purpose)

    def configured(self, connection: DbapiConnection) -> str | None:
        """Refuses, where there is a mark, a search_path that was turned to another schema."""
        schema = session.current_schema(connection)
        if id(connection) in self.marks:
            judge_schema(self.expectation, self.marks[id(connection)], schema)
        return schema

    def prove(self, mark: Mark | NewerMark, facts: Facts) -> Mark:
        """The mark, if it is the expected one; without an Environment, it says which to expect."""
        if self.environment is None:
            workspace = self.destination.workspace
            self.environment, proved = _recognised(workspace, mark, facts)
            self.expectation = _expectation(workspace, self.environment)
        else:
            part = _part(mark, tuple(part for part, _ in self.environment.databases))
            proved = judge(replace(self.expectation, part=part), mark, facts)
        self.expectation = replace(self.expectation, uuid=proved.uuid)
        return proved


@contextmanager
def connected_to_read(destination: Destination, part: str, *, purpose: str) -> Iterator[Connection]:
    """A connection to one database, whose mark, if it has one, is the expected one."""
    guard = ReadingGuard(destination, purpose=purpose)
    with connect_unchecked(destination.urls[part], purpose=purpose) as (connection, mark, facts):
        if mark is not None:
            guard.prove(mark, facts)
        yield connection


def find_destination(workspace: Workspace, name: str | None) -> Destination:
    """The Environment called `name`, or the one that DATABASE_URL leads to.

    Without `name` the mark in the database says which Environment it is. Raises a WrongDatabase,
    NoTarget, OneOfSeveral, EnvironmentUnknown or an error of the credentials' source.
    """
    variable = workspace.settings.url_variable
    given = workspace.environ.get(variable)
    if name is not None:
        destination = of_environment(workspace, workspace.settings.environment(name))
        if given:
            _refuse_two_targets(destination, DatabaseUrl.parse(given, source=variable))
        return destination
    if not given:
        known = tuple(e.name for e in workspace.settings.environments)
        raise NoTarget(variable, known)
    url = DatabaseUrl.parse(given, source=variable)
    with connect_unchecked(url, purpose="identity") as (_, mark, facts):
        environment, found = _recognised(workspace, mark, facts)
    if len(environment.databases) > 1:
        raise OneOfSeveral(variable, environment.name)
    _refuse_shared_places(workspace, environment)
    expectation = _expectation(workspace, environment)
    return Destination(environment, {found.part: url}, expectation, workspace).pinned(found)


def find_readable(workspace: Workspace, name: str | None) -> Destination:
    """Like `find_destination` without asking the database; `ReadingGuard` does that."""
    variable = workspace.settings.url_variable
    given = workspace.environ.get(variable)
    if name is None and given:
        url = DatabaseUrl.parse(given, source=variable)
        return Destination(None, {PRIMARY: url}, Expectation(None), workspace)
    return find_destination(workspace, name)


def of_environment(workspace: Workspace, environment: Environment) -> Destination:
    """Where the settings say that `environment` is; raises UrlShared if another is there too."""
    _refuse_shared_places(workspace, environment)
    urls = resolve_urls(workspace, environment)
    return Destination(environment, urls, _expectation(workspace, environment), workspace)


def resolve_urls(workspace: Workspace, environment: Environment) -> dict[str, DatabaseUrl]:
    """URLs of the Environment's databases, by part, credentials included."""
    context = source_context(workspace, dict(environment.source_options))
    return {part: secrets.resolve(url, context) for part, url in environment.databases}


def source_context(workspace: Workspace, options: Mapping[str, str]) -> SourceContext:
    """What sources of credentials may look at."""

    def embedded(name: str) -> DatabaseUrl:
        directory = workspace.state_directory / "embedded" / name
        kept = major_kept_in(directory)
        return start_server(directory, find_binaries(int(kept) if kept else None)).url

    return SourceContext(workspace.environ, workspace.settings.root, options, embedded)


def place(url: DatabaseUrl) -> tuple[str, int, str]:
    """Host or socket directory, port and database: what two URLs to one database share."""
    host = url.host or "localhost"
    host = host if host.startswith("/") else canonical_host(host) or host
    return host, url.port or 5432, url.database or url.user or ""


def _recognised(
    workspace: Workspace, mark: Mark | NewerMark | None, facts: Facts
) -> tuple[Environment, Mark]:
    """The Environment that `mark` names, judged as if it had been asked for by that name."""
    if not isinstance(mark, Mark):
        # There is nothing to go by; this says what is there instead.
        mark = judge(Expectation(environment=None), mark, facts)
    settings = workspace.settings
    known = tuple(environment.name for environment in settings.environments)
    if mark.environment not in known:
        raise MarkUnknown(known, mark.environment, facts.place)
    environment = settings.environment(mark.environment)
    part = _part(mark, tuple(part for part, _ in environment.databases))
    return environment, judge(replace(_expectation(workspace, environment), part=part), mark, facts)


def _part(mark: Mark | NewerMark | None, parts: tuple[str, ...]) -> str:
    """The one of an Environment's `parts` that the mark names, or else the first."""
    return mark.part if isinstance(mark, Mark) and mark.part in parts else parts[0]


def _expectation(workspace: Workspace, environment: Environment) -> Expectation:
    own = workspace.lock.environment(environment.name)
    clusters = tuple(
        (other.name, other.system_identifier)
        for other in workspace.lock.environments
        if other.role not in (Role.DEVELOPMENT, environment.role)
        and other.system_identifier is not None
    )
    return Expectation(
        environment=environment.name,
        role=environment.role,
        # Every developer may have a development database of their own.
        uuid=own.uuid if own and own.role is not Role.DEVELOPMENT else None,
        hosts=environment.hosts,
        schemas=environment.schemas,
        clusters_of_others=() if workspace.settings.shared_cluster else clusters,
    )


def must_not_share_cluster(workspace: Workspace, one: Role, other: Role) -> bool:
    """Whether Environments of these roles have to live on servers of their own."""
    return one != other and not workspace.settings.shared_cluster


def _refuse_two_targets(destination: Destination, given: DatabaseUrl) -> None:
    if place(given) in {place(url) for url in destination.urls.values()}:
        return
    raise TwoTargets(
        destination.name,
        destination.workspace.settings.url_variable,
        destination.primary.redacted(),
        given.redacted(),
    )


def _refuse_shared_places(workspace: Workspace, environment: Environment) -> None:
    """Raises UrlShared or ClusterShared where the settings alone show it.

    Sources that need a network or a program are compared by their spelling only.
    """
    for other in workspace.settings.environments:
        if other.name == environment.name:
            continue
        for _, setting in environment.databases:
            if setting in {theirs for _, theirs in other.databases}:
                what = f'the url "{secrets.shown(setting)}"'
                raise UrlShared(environment.name, other.name, what)
        for mine in _local_places(workspace, environment):
            for theirs in _local_places(workspace, other):
                if mine == theirs:
                    what = f'the database "{mine[2]}" on "{mine[0]}"'
                    raise UrlShared(environment.name, other.name, what)
                if mine[:2] == theirs[:2] and must_not_share_cluster(
                    workspace, environment.role, other.role
                ):
                    raise ClusterShared(environment.name, other.name, f"{mine[0]}:{mine[1]}")


def _local_places(workspace: Workspace, environment: Environment) -> set[tuple[str, int, str]]:
    context = source_context(workspace, dict(environment.source_options))
    places = set()
    for _, setting in environment.databases:
        if setting.startswith("embedded:") or not secrets.is_local(setting):
            continue  # embedded servers differ by name; starting one only to compare would be odd
        try:
            places.add(place(secrets.resolve(setting, context)))
        except LockgateError:
            continue  # the other environment's credentials are not here; its mark still guards it
    return places
