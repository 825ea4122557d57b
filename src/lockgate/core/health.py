"""Whether a database is well: what the probes saw, and what of it is a bad answer.

Decides from values alone. Reading them is `postgres.health`'s, repeating it `workflows.watch`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lockgate.core.catalog import Catalog, diff
from lockgate.core.duration import format_duration
from lockgate.core.finding import Finding, Severity
from lockgate.errors import ExitStatus, LockgateError


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer of one functional check; `reason` says why it is not the expected one."""

    name: str
    reason: str | None
    milliseconds: float

    @property
    def ok(self) -> bool:
        """Whether the answer was the expected one."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Blocker:
    """A session that others wait for; `pid` is 0 for a prepared transaction."""

    pid: int
    application: str
    state: str
    query: str


@dataclass(frozen=True, slots=True)
class BlockedSession:
    """A session that waits for a lock; `lock` is what it waits for, in words."""

    pid: int
    user: str
    application: str
    lock: str
    waited_ms: float
    query: str
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True, slots=True)
class LongTransaction:
    """A transaction that has been open for a while, and so would hold up a strong lock."""

    pid: int
    user: str
    application: str
    state: str
    age_ms: float
    query: str


@dataclass(frozen=True, slots=True)
class InvalidIndex:
    """An index that no query uses and that every write still maintains."""

    index: str
    table: str


@dataclass(frozen=True, slots=True)
class Replica:
    """A server that follows this one. The lag is that of replay, None where it is not shown."""

    name: str
    state: str
    lag_ms: float | None
    lag_bytes: int | None


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on something is a bad answer, in milliseconds."""

    blocked_ms: float
    transaction_ms: float
    lag_ms: float


@dataclass(frozen=True, slots=True)
class Observation:
    """What all probes saw of one database in one round.

    `heads` is None where the version table is gone. `catalog` is None in the rounds that do not
    read the structure. `sees_all` is whether the role may see what other sessions do.
    """

    heads: tuple[str, ...] | None
    catalog: Catalog | None
    checks: tuple[CheckResult, ...]
    blocked: tuple[BlockedSession, ...]
    transactions: tuple[LongTransaction, ...]
    invalid_indexes: tuple[InvalidIndex, ...]
    replicas: tuple[Replica, ...]
    sees_all: bool


@dataclass(frozen=True, slots=True)
class Baseline:
    """What must stay as it is: the revision, the structure, and the replicas that follow.

    `fingerprint` is the one of the lock file where it has one, else the first that was taken;
    `catalog` is the first that was taken. `heads_source` says where the heads come from.
    """

    heads: tuple[str, ...] | None
    heads_source: str
    fingerprint: str
    catalog: Catalog
    replicas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """One round of probes. `observations` go by part, and are empty where none came back."""

    at: datetime
    observations: tuple[tuple[str, Observation], ...]
    findings: tuple[Finding, ...]

    @property
    def bad(self) -> tuple[Finding, ...]:
        """The Findings that end a watch."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)


def examine(seen: Observation, baseline: Baseline, limits: Limits) -> tuple[Finding, ...]:
    """Everything that is wrong in `seen`, what concerns the last deploy first."""
    return (
        *revision_moved(seen, baseline),
        *structure_drifted(seen, baseline),
        *checks_failed(seen),
        *sessions_blocked(seen),
        *transactions_too_long(seen, limits),
        *indexes_invalid(seen),
        *replicas_behind(seen, baseline, limits),
        *not_visible(seen),
    )


def revision_moved(seen: Observation, baseline: Baseline) -> Iterator[Finding]:
    """The version table does not say what it should."""
    if seen.heads != baseline.heads:
        yield Finding(
            "LG-HEALTH-1",
            "revision",
            f"the database is at {_revisions(seen.heads)}, expected "
            f"{_revisions(baseline.heads)} ({baseline.heads_source})",
            "look at `lockgate log` for who changed it, and outside of it for who else could",
        )


def structure_drifted(seen: Observation, baseline: Baseline) -> Iterator[Finding]:
    """The structure is not the one that the revision should have, or no longer the first one."""
    if seen.catalog is None or seen.catalog.fingerprint == baseline.fingerprint:
        return
    changes = [c for c in diff(baseline.catalog, seen.catalog) if not c.cosmetic]
    if changes:
        first = changes[0]
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        what = f"{first.object} {first.name} was {first.kind} since the watch began{more}"
    else:
        what = "its fingerprint is not the one that lockgate.lock has for this revision"
    yield Finding(
        "LG-HEALTH-2",
        "drift",
        f"the structure has drifted: {what}",
        "undo what was changed by hand, or bring it into a revision with `lockgate revision`",
    )


def checks_failed(seen: Observation) -> Iterator[Finding]:
    """Functional checks without the expected answer."""
    for check in seen.checks:
        if check.reason is not None:
            yield Finding(
                "LG-HEALTH-3",
                "functional check",
                f'check "{check.name}" failed: {check.reason}',
                "run the check by hand, and decide whether the last revision has to go back",
            )


def sessions_blocked(seen: Observation) -> Iterator[Finding]:
    """Sessions that have waited for a lock for too long, and for whom."""
    for session in seen.blocked:
        first = session.blockers[0]
        others = f" and {len(session.blockers) - 1} more" if len(session.blockers) > 1 else ""
        holder = (
            f'session {first.pid} ("{first.application}", {first.state or "state not visible"}): '
            f'"{_one_line(first.query)}"'
        )
        yield Finding(
            "LG-HEALTH-4",
            "blocked sessions",
            f'session {session.pid} ("{session.application}") has waited '
            f'{format_duration(session.waited_ms)} for {session.lock} with "'
            f'{_one_line(session.query)}", behind '
            f"{holder if first.pid else 'a prepared transaction'}{others}",
            f"end session {first.pid} with `SELECT pg_terminate_backend({first.pid})` "
            "if its work may be lost"
            if first.pid
            else "commit or roll back the transaction that pg_prepared_xacts lists",
        )


def transactions_too_long(seen: Observation, limits: Limits) -> Iterator[Finding]:
    """Transactions that are open for longer than the settings allow."""
    for found in seen.transactions:
        yield Finding(
            "LG-HEALTH-5",
            "long transactions",
            f'session {found.pid} ("{found.application}", {found.state}) has a transaction open '
            f"for {format_duration(found.age_ms)}, more than "
            f'{format_duration(limits.transaction_ms)}: "{_one_line(found.query)}"',
            f"end session {found.pid} with `SELECT pg_terminate_backend({found.pid})` "
            "if its work may be lost, or raise oldest_transaction in the settings",
        )


def indexes_invalid(seen: Observation) -> Iterator[Finding]:
    """Indexes that a failed CONCURRENTLY left behind."""
    for found in seen.invalid_indexes:
        yield Finding(
            "LG-HEALTH-6",
            "invalid indexes",
            f"index {found.index} on {found.table} is invalid: queries do not use it, "
            "writes still maintain it",
            f"drop it with `DROP INDEX CONCURRENTLY {found.index}`, then build it again",
        )


def replicas_behind(seen: Observation, baseline: Baseline, limits: Limits) -> Iterator[Finding]:
    """Replicas that replay too late, or that no longer follow."""
    for replica in seen.replicas:
        if replica.lag_ms is not None and replica.lag_ms > limits.lag_ms:
            size = "" if replica.lag_bytes is None else f" and {replica.lag_bytes} bytes"
            yield Finding(
                "LG-HEALTH-7",
                "replication lag",
                f'replica "{replica.name}" ({replica.state}) is '
                f"{format_duration(replica.lag_ms)}{size} behind, more than "
                f"{format_duration(limits.lag_ms)}",
                "look on the replica for a long query or a paused replay, or raise --max-lag",
            )
    present = [replica.name for replica in seen.replicas]
    for name in sorted(set(baseline.replicas) - set(present)):
        yield Finding(
            "LG-HEALTH-8",
            "replication lag",
            f'replica "{name}" no longer follows this server',
            "look at the replica's log, and at pg_stat_replication here",
        )


def not_visible(seen: Observation) -> Iterator[Finding]:
    """What this role cannot see, so that silence about it proves nothing."""
    if not seen.sees_all:
        yield Finding(
            "LG-HEALTH-9",
            "visibility",
            "this role sees neither transactions nor queries of other roles, nor replication lag",
            "grant it pg_monitor to have them watched as well",
            Severity.WARNING,
        )


def finding_of(error: LockgateError, *, probe: str) -> Finding:
    """The bad answer that an error during a round is."""
    lasting = (ExitStatus.WRONG_DATABASE, ExitStatus.UNREACHABLE)
    status = error.exit_status if error.exit_status in lasting else ExitStatus.NO
    return Finding(error.code, probe, error.message, error.hint, exit_status=status)


def _revisions(heads: tuple[str, ...] | None) -> str:
    if heads is None:
        return "no version table"
    return f'"{", ".join(heads)}"' if heads else "no revision"


def _one_line(text: str, width: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"
