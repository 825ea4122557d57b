"""`lockgate status`: every Environment of the settings, each as far as it answers.

They are asked at the same time, so that one that does not answer costs its own connect timeout
and no more. Only `env.py` runs for one after the other: it lives in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from lockgate.core.catalog import Catalog, diff
from lockgate.core.environment import Environment
from lockgate.core.identity import WrongDatabase, judge
from lockgate.core.status import (
    Comparison,
    CurrentRevision,
    EnvironmentStatus,
    RecordedFingerprint,
    Standing,
    recorded_fingerprint,
)
from lockgate.errors import LockgateError
from lockgate.migrations import revisions, steps
from lockgate.migrations.driver import VersionTable
from lockgate.postgres import ledger
from lockgate.postgres.connect import connect_checked, connect_unchecked
from lockgate.postgres.health import only_read
from lockgate.workflows.catalogs import read_structure
from lockgate.workflows.destination import Destination, of_environment
from lockgate.workflows.environments import identity_state
from lockgate.workflows.listing import ask
from lockgate.workflows.workspace import Workspace

AT_ONCE = 16
STATEMENT_TIMEOUT_MS = 10_000
LOCK_TIMEOUT_MS = 2_000

_T = TypeVar("_T")
_R = TypeVar("_R")


def status(workspace: Workspace, names: tuple[str, ...] = ()) -> Standing:
    """Where the Environments called `names` stand, or all of them, in the order of the settings."""
    chosen = [workspace.settings.environment(name) for name in names]
    _ = workspace.lock  # read once, before the threads
    asked = _at_once(lambda e: _ask(workspace, e), chosen or workspace.settings.environments)
    found = [one for environment in asked for one in _with_revisions(workspace, environment)]
    catalogs = _at_once(_read_catalog, found)
    directory = workspace.project.directory
    return Standing(
        heads=tuple(CurrentRevision(s.revision, s.message) for s in revisions.heads(directory)),
        environments=tuple(
            replace(one.status, structure=_compare(one, catalog, catalogs))
            for one, catalog in zip(found, catalogs, strict=True)
        ),
    )


UNKNOWN = RecordedFingerprint(None, "its revision is not known")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One database, with what is needed to ask it further; `destination` None means not to."""

    status: EnvironmentStatus
    destination: Destination | None = None
    server_version: int = 0
    version_tables: tuple[VersionTable, ...] = ()
    recorded: RecordedFingerprint = UNKNOWN


def _at_once(ask_one: Callable[[_T], _R], things: Iterable[_T]) -> list[_R]:
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="lockgate-status") as pool:
        return list(pool.map(ask_one, things))


def _ask(workspace: Workspace, environment: Environment) -> tuple[_Asked, ...]:
    """Identity and newest Ledger entry of each database of `environment`."""
    try:
        destination = of_environment(workspace, environment)
    except LockgateError as error:
        refused = isinstance(error, WrongDatabase)
        return tuple(
            _Asked(
                EnvironmentStatus(
                    name=environment.name,
                    part=part,
                    role=environment.role,
                    url=None,
                    identity="wrong" if refused else "unreachable",
                    problem=error.message,
                )
            )
            for part, _ in environment.databases
        )
    return tuple(_ask_part(destination, environment, part) for part in destination.urls)


def _ask_part(destination: Destination, environment: Environment, part: str) -> _Asked:
    url = destination.urls[part]
    state = EnvironmentStatus(
        name=environment.name, part=part, role=environment.role, url=url.redacted(), identity="ok"
    )
    try:
        with connect_unchecked(url, purpose="status") as (connection, mark, facts):
            try:
                judge(destination.expect(part), mark, facts)
            except WrongDatabase as refusal:
                word = identity_state(refusal, mark)
                state = replace(state, identity=word, problem=refusal.message)
                return _Asked(state, destination if word == "unmarked" else None)
            only_read(
                connection,
                statement_timeout_ms=STATEMENT_TIMEOUT_MS,
                lock_timeout_ms=LOCK_TIMEOUT_MS,
            )
            rows, _ = ledger.read_ledger(connection, last=1)
            return _Asked(
                replace(state, last=rows[-1] if rows else None),
                destination,
                facts.server_version,
            )
    except LockgateError as error:
        return _Asked(replace(state, identity="unreachable", problem=error.message))


def _with_revisions(workspace: Workspace, parts: tuple[_Asked, ...]) -> tuple[_Asked, ...]:
    """`parts` of one Environment with where each is, as the team's `env.py` finds it."""
    destination = parts[0].destination
    if destination is None or any(part.destination is None for part in parts):
        return parts
    try:
        record, _ = ask(destination, purpose="status")
    except LockgateError as error:
        return tuple(
            replace(part, status=replace(part.status, problem=part.status.problem or error.message))
            for part in parts
        )
    return tuple(
        _with_revision(
            workspace,
            part,
            record.heads_before.get(part.status.part, ()),
            record.version_tables,
        )
        for part in parts
    )


def _with_revision(
    workspace: Workspace,
    asked: _Asked,
    heads: tuple[str, ...],
    version_tables: tuple[VersionTable, ...],
) -> _Asked:
    directory = workspace.project.directory
    pending: int | None = None
    problem = asked.status.problem
    try:
        pending = len(steps.pending(directory, "heads", heads))
    except LockgateError as error:
        problem = problem or error.message
    recorded = RecordedFingerprint(None, "the database has no mark")
    if asked.status.identity == "ok":
        major = asked.server_version // 10_000
        recorded = recorded_fingerprint(workspace.lock, heads, major=major, part=asked.status.part)
    return replace(
        asked,
        status=replace(
            asked.status,
            current=tuple(CurrentRevision(r, _message(workspace, r)) for r in sorted(heads)),
            pending=pending,
            problem=problem,
        ),
        version_tables=tuple(t for t in version_tables if t.part == asked.status.part),
        recorded=recorded,
    )


def _message(workspace: Workspace, revision: str) -> str | None:
    try:
        return revisions.show(workspace.project.directory, revision)[0].message
    except LockgateError:
        return None  # its file is not here; `pending` has said so


def _read_catalog(asked: _Asked) -> Catalog | LockgateError | None:
    """The structure, where there is something to compare it with."""
    if asked.destination is None or asked.recorded.fingerprint is None:
        return None
    try:
        url = asked.destination.urls[asked.status.part]
        expectation = asked.destination.expect(asked.status.part)
        with connect_checked(url, expectation, purpose="status") as checked:
            return read_structure(checked.connection, asked.version_tables)
    except LockgateError as error:
        return error


def _compare(
    asked: _Asked,
    catalog: Catalog | LockgateError | None,
    others: Iterable[Catalog | LockgateError | None],
) -> Comparison:
    expected = asked.recorded
    if catalog is None:
        return Comparison(None, reason=expected.reason)
    if isinstance(catalog, LockgateError):
        return Comparison(None, reason=catalog.message)
    if catalog.missing:
        kinds = ", ".join(kind.replace("_", " ") for kind in catalog.missing)
        return Comparison(None, reason=f"incomplete: the login may not read {kinds}")
    if catalog.fingerprint == expected.fingerprint:
        return Comparison(False, ())
    for other in others:
        # What has the recorded Fingerprint has the recorded structure, whosever it is.
        if isinstance(other, Catalog) and other.fingerprint == expected.fingerprint:
            changes = tuple(c for c in diff(other, catalog) if not c.cosmetic)
            return Comparison(True, changes)
    return Comparison(True, reason="no environment has the recorded structure to compare with")
