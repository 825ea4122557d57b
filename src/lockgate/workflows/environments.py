"""`lockgate env`: list and show Environments, write the mark, move it on purpose."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from lockgate import secrets
from lockgate.core.environment import Environment, Role
from lockgate.core.identity import (
    MARK_FORMAT,
    ClusterShared,
    EnvironmentView,
    Facts,
    Mark,
    NewerMark,
    PoolerBetween,
    WrongDatabase,
    judge,
    moved_fact,
)
from lockgate.core.ledger import write_entry
from lockgate.core.lockfile import LockedEnvironment
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres import ledger
from lockgate.postgres.connect import InRecovery, connect_unchecked
from lockgate.postgres.identity import write_mark
from lockgate.workflows.account import entry_without_revision
from lockgate.workflows.destination import (
    Destination,
    find_destination,
    must_not_share_cluster,
    of_environment,
)
from lockgate.workflows.workspace import Workspace


@dataclass(eq=False)
class AlreadyMarked(WrongDatabase):
    """Enrolling a database that carries a mark already."""

    name: str
    found: str
    place: str

    code: ClassVar[str] = "LG-ENV-13"

    @property
    def message(self) -> str:
        """What it is marked as."""
        return f'expected no mark to enroll "{self.name}", but {self.place} is "{self.found}"'

    @property
    def hint(self) -> str:
        """Relabel, on purpose."""
        return (
            f"correct the url of {self.name}; if this database shall become {self.name}, "
            f"run `lockgate env relabel {self.name}`"
        )


@dataclass(eq=False)
class NoCopy(WrongDatabase):
    """Relabelling the very database of another Environment, in place of a copy of it."""

    name: str
    found: str
    place: str

    code: ClassVar[str] = "LG-ENV-16"

    @property
    def message(self) -> str:
        """Whose database it is."""
        return (
            f'expected a copy to relabel as "{self.name}", but {self.place} is "{self.found}" '
            "itself, where it was enrolled"
        )

    @property
    def hint(self) -> str:
        """Another URL, or the end of the other Environment."""
        return (
            f"correct the url of {self.name}; if {self.found} shall really become {self.name}, "
            f"remove [environments.{self.found}] from the settings first"
        )


@dataclass(eq=False)
class NotConfirmed(LockgateError):
    """A question was answered with something else than the Environment's name."""

    name: str
    answer: str | None

    code: ClassVar[str] = "LG-ASK-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """What was asked and answered."""
        if self.answer is None:
            return f'"{self.name}" has to be confirmed, and there is no terminal to ask on'
        return f'expected the name "{self.name}" to be typed, got "{self.answer}"; nothing was done'

    @property
    def hint(self) -> str:
        """How to confirm."""
        return f"type the name exactly, or give --yes {self.name}"


Confirm = Callable[[str, str], None]
"""Asks for an Environment's name, given it and what will happen; raises NotConfirmed."""


def listed(workspace: Workspace) -> tuple[Environment, ...]:
    """The Environments of the settings, whose urls may all be shown.

    Raises PasswordInSettings, UrlUnreadable or SourceUnknown.
    """
    environments = workspace.settings.environments
    for environment in environments:
        for _, setting in environment.databases:
            secrets.shown(setting)
    return environments


def show(workspace: Workspace, name: str) -> EnvironmentView:
    """Where `name` really points: the URL without its password, and what answers there."""
    environment = workspace.settings.environment(name)
    destination = of_environment(workspace, environment)
    urls = {part: url.redacted() for part, url in destination.urls.items()}
    views = [_look(destination, part, urls) for part in destination.urls]
    bad = [view for view in views if view.identity != "ok"]
    return (bad or views)[0]


def enroll(workspace: Workspace, name: str, confirm: Confirm) -> tuple[Mark, ...]:
    """Marks the databases of Environment `name`, which must have no mark yet.

    Answers the marks, old ones included where some parts were enrolled before.
    """
    return _mark(workspace, name, confirm, relabel=False)


def relabel(workspace: Workspace, name: str, confirm: Confirm) -> tuple[Mark, ...]:
    """Marks the databases of Environment `name` anew, whatever they were marked as before."""
    return _mark(workspace, name, confirm, relabel=True)


def _mark(workspace: Workspace, name: str, confirm: Confirm, *, relabel: bool) -> tuple[Mark, ...]:
    environment = workspace.settings.environment(name)
    destination = find_destination(workspace, name)
    marks: list[Mark] = []
    for part, url in destination.urls.items():
        with connect_unchecked(url, purpose=f"enroll {name}") as (connection, mark, facts):
            if facts.announced_pid != facts.backend_pid:
                raise PoolerBetween(facts.announced_pid or 0, facts.backend_pid, facts.place)
            if facts.in_recovery:
                raise InRecovery(url.redacted())
            if isinstance(mark, NewerMark):
                judge(destination.expect(part), mark, facts)
            if isinstance(mark, Mark) and not relabel:
                if mark.environment != name or mark.part != part:
                    raise AlreadyMarked(name, mark.environment, facts.place)
                marks.append(judge(destination.expect(part), mark, facts))
                continue
            if isinstance(mark, Mark):
                _refuse_original(workspace, name, mark, facts)
            _refuse_shared_cluster(workspace, environment, facts)
            action = "relabel" if relabel else "enroll"
            was = f', now marked "{mark.environment}",' if isinstance(mark, Mark) else ""
            confirm(name, f"{action} {facts.place} at {url.redacted()}{was} as {environment.role}")
            # One for all parts: it is the Environment that the lock file and a run hold on to.
            identity = marks[0].uuid if marks else str(uuid.uuid4())
            fresh = _fresh_mark(workspace, environment, part, facts, identity)
            with connection.transaction():
                write_mark(connection, fresh)
                ledger.start_ledger(connection)
                entry = entry_without_revision(
                    action,
                    "done",
                    actor=workspace.actor,
                    at=workspace.clock(),
                    remarks={"environment": name, "role": environment.role.value}
                    | ({"was": mark.environment} if isinstance(mark, Mark) else {}),
                )
                ledger.append(connection, write_entry(entry))
            marks.append(fresh)
    if environment.role is not Role.DEVELOPMENT:
        first = marks[0]
        workspace.write_lock(
            workspace.lock.with_environment(
                LockedEnvironment(name, environment.role, first.uuid, first.system_identifier)
            )
        )
    return tuple(marks)


def _refuse_original(workspace: Workspace, name: str, mark: Mark, facts: Facts) -> None:
    """Raises NoCopy for another Environment's own database, which is still where it was marked."""
    others = {other.name: other for other in workspace.settings.environments if other.name != name}
    if mark.environment not in others:
        return
    if moved_fact(mark, facts, aliases=others[mark.environment].hosts) is None:
        raise NoCopy(name, mark.environment, facts.place)


def _fresh_mark(
    workspace: Workspace, environment: Environment, part: str, facts: Facts, identity: str
) -> Mark:
    return Mark(
        format=MARK_FORMAT,
        uuid=identity,
        environment=environment.name,
        role=environment.role,
        part=part,
        system_identifier=facts.system_identifier,
        oid=facts.oid,
        host=facts.host,
        port=facts.port,
        database=facts.database,
        schema=facts.schema,
        enrolled_at=workspace.clock(),
        enrolled_by=f"{workspace.actor.user}@{workspace.actor.host}",
    )


def _refuse_shared_cluster(workspace: Workspace, environment: Environment, facts: Facts) -> None:
    """Raises ClusterShared where another Environment lives on the cluster that answers here.

    An Environment that cannot be reached now is compared through the lock file alone.
    """
    for locked in workspace.lock.environments:
        if must_not_share_cluster(workspace, environment.role, locked.role) and (
            locked.system_identifier == facts.cluster
        ):
            raise ClusterShared(environment.name, locked.name, facts.cluster)
    for other in workspace.settings.environments:
        if must_not_share_cluster(workspace, environment.role, other.role) and (
            _cluster_of(workspace, other) == facts.cluster
        ):
            raise ClusterShared(environment.name, other.name, facts.cluster)


def _cluster_of(workspace: Workspace, environment: Environment) -> str | None:
    if all(setting.startswith("embedded:") for _, setting in environment.databases):
        return None  # a server of its own; starting it only to compare would be odd
    try:
        destination = of_environment(workspace, environment)
        with connect_unchecked(destination.primary, purpose="identity") as (_, __, facts):
            return facts.cluster
    except LockgateError:
        return None  # not reachable from here; it is compared when it is used


def _look(destination: Destination, part: str, urls: Mapping[str, str]) -> EnvironmentView:
    environment = destination.environment
    assert environment is not None
    try:
        with connect_unchecked(destination.urls[part], purpose="show") as (_, mark, facts):
            known = mark if isinstance(mark, Mark) else None
            try:
                judge(destination.expect(part), mark, facts)
            except WrongDatabase as refusal:
                state = identity_state(refusal, mark)
                return EnvironmentView(environment, urls, state, refusal.message, known, facts)
            return EnvironmentView(environment, urls, "ok", None, known, facts)
    except LockgateError as error:
        return EnvironmentView(environment, urls, "unreachable", error.message)


def identity_state(refusal: WrongDatabase, mark: Mark | NewerMark | None) -> str:
    """The one word for a refused identity: `unmarked`, `moved` or `wrong`."""
    if mark is None:
        return "unmarked"
    return "moved" if refusal.code == "LG-ENV-3" else "wrong"
