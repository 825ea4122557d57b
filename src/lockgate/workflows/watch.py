"""`lockgate watch`: the probes again and again on one connection, until one answer is bad.

Cheap on a busy server: short statements with a timeout, on a session that only reads; the
structure, for which `pg_dump` looks at every table, at most once a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event

from lockgate.core.catalog import Catalog
from lockgate.core.health import (
    Baseline,
    Limits,
    Observation,
    Round,
    examine,
    finding_of,
)
from lockgate.core.identity import judge
from lockgate.core.status import recorded_fingerprint
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.driver import VersionTable
from lockgate.postgres import health, ledger, session
from lockgate.postgres.connect import Checked, connect_checked
from lockgate.postgres.identity import read_identity
from lockgate.workflows.catalogs import read_structure
from lockgate.workflows.checks import answer_checks
from lockgate.workflows.destination import Destination
from lockgate.workflows.listing import ask

STRUCTURE_EVERY_S = 60.0
STATEMENT_TIMEOUT_MS = 5_000
LOCK_TIMEOUT_MS = 1_000
LEDGER_ROWS = 200
"""How far back the last revision in the Ledger is looked for."""

ALIVE = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""How libpq notices within half a minute that the network swallows what is sent."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to watch and how often to look, in seconds, and the clock that this goes by."""

    for_s: float
    every_s: float
    now: Callable[[], float] = time.monotonic
    wait: Callable[[float], object] = field(default_factory=lambda: Event().wait)

    def rounds(self) -> Iterator[bool]:
        """True for each round that is not the last, then False; waits between two."""
        end = self.now() + self.for_s
        due = self.now()
        while due < end:
            yield True
            # A round that took longer than the pace is not made up for.
            due = min(max(due + self.every_s, self.now()), end)
            self.wait(max(0.0, due - self.now()))
        yield False


def watch(
    destination: Destination, *, pace: Pace, max_lag_ms: float
) -> Generator[Round, None, None]:
    """Rounds of probes until the time is over, or up to the first round with a bad answer.

    Raises a WrongDatabase or NotReachable where it cannot begin.
    """
    purpose = f"watch {destination.name}"
    with ExitStack() as stack:
        connections = {
            part: stack.enter_context(
                connect_checked(_alive(url), destination.expect(part), purpose=purpose)
            )
            for part, url in destination.urls.items()
        }
        record, _ = ask(destination, purpose=purpose)
        watched = [
            _Watched(
                destination,
                part,
                checked,
                tuple(t for t in record.version_tables if t.part == part),
                max_lag_ms,
            )
            for part, checked in connections.items()
        ]
        structure_due = pace.now()
        for more in pace.rounds():
            with_structure = not more or pace.now() >= structure_due
            if with_structure:
                structure_due = pace.now() + STRUCTURE_EVERY_S
            found = _look(destination.workspace.clock(), watched, with_structure=with_structure)
            yield found
            if found.bad:
                return


def _alive(url: DatabaseUrl) -> DatabaseUrl:
    given: Mapping[str, str] = ALIVE | dict(url.parameters)
    return replace(url, parameters=tuple(sorted(given.items())))


def _look(at: datetime, watched: list[_Watched], *, with_structure: bool) -> Round:
    observations: list[tuple[str, Observation]] = []
    findings = []
    for one in watched:
        try:
            seen = one.observe(with_structure=with_structure)
        except LockgateError as error:
            if error.exit_status is ExitStatus.USAGE:
                raise
            findings.append(finding_of(error, probe=one.probe))
            break
        observations.append((one.part, seen))
        findings += examine(seen, one.baseline_from(seen), one.limits)
    return Round(at, tuple(observations), tuple(findings))


class _Watched:
    """One database under watch: its connection, and what it must stay like."""

    def __init__(
        self,
        destination: Destination,
        part: str,
        checked: Checked,
        version_tables: tuple[VersionTable, ...],
        max_lag_ms: float,
    ) -> None:
        self.destination = destination
        self.part = part
        self.checked = checked
        self.version_tables = version_tables
        self.baseline: Baseline | None = None
        self.probe = "identity"
        budget = destination.budget
        self.limits = Limits(budget.lock_timeout_ms, budget.oldest_transaction_ms, max_lag_ms)
        self.connection = checked.connection
        self.url = destination.urls[part]
        health.only_read(
            self.connection,
            statement_timeout_ms=STATEMENT_TIMEOUT_MS,
            lock_timeout_ms=LOCK_TIMEOUT_MS,
        )

    def observe(self, *, with_structure: bool) -> Observation:
        """What all probes see now; `probe` names the one that is asking.

        Raises a WrongDatabase, ConnectionLost, ProbeRefused, or an error of reading the structure.
        """
        connection, limits = self.connection, self.limits
        with health.answering(connection, url=self.url.redacted()):
            self.probe = "identity"
            self._prove_identity()
            self.probe = "revision"
            heads = self._heads()
            self.probe = "drift"
            catalog = self._catalog() if with_structure else None
            self.probe = "functional checks"
            first = self.part == next(iter(self.destination.urls))
            checks = answer_checks(self.destination, self.checked) if first else ()
            self.probe = "sessions, indexes and replicas"
            return Observation(
                heads=heads,
                catalog=catalog,
                checks=checks,
                blocked=health.blocked_sessions(connection, longer_than_ms=limits.blocked_ms),
                transactions=session.long_transactions(
                    connection, older_than_ms=int(limits.transaction_ms)
                ),
                invalid_indexes=health.invalid_indexes(connection),
                replicas=health.replicas(connection),
                sees_all=health.sees_all(connection),
            )

    def baseline_from(self, first: Observation) -> Baseline:
        """What must stay: settled by the first Observation, the lock file and the Ledger."""
        if self.baseline is None:
            assert first.catalog is not None, "the first round reads the structure"
            recorded = recorded_fingerprint(
                self.destination.workspace.lock,
                first.heads or (),
                major=self.checked.facts.server_version // 10_000,
                part=self.part,
            )
            with health.answering(self.connection, url=self.url.redacted()):
                last = self._heads_in_ledger()
            self.baseline = Baseline(
                heads=first.heads if last is None else last[0],
                heads_source="as when the watch began" if last is None else last[1],
                fingerprint=recorded.fingerprint or first.catalog.fingerprint,
                catalog=first.catalog,
                replicas=tuple(replica.name for replica in first.replicas),
            )
        return self.baseline

    def _prove_identity(self) -> None:
        mark, facts = read_identity(
            self.connection.cursor(),
            host=self.url.host,
            announced_pid=self.connection.info.backend_pid,
        )
        judge(self.destination.expect(self.part), mark, facts)

    def _heads(self) -> tuple[str, ...] | None:
        found: set[str] = set()
        for table in self.version_tables:
            heads = session.read_heads(self.connection, table=table.name, schema=table.schema)
            if heads is None:
                return None
            found.update(heads)
        return tuple(sorted(found))

    def _catalog(self) -> Catalog:
        return read_structure(self.connection, self.version_tables)

    def _heads_in_ledger(self) -> tuple[tuple[str, ...], str] | None:
        """Where the last revision that the Ledger tells of left the database, and which row."""
        rows, _ = ledger.read_ledger(self.connection, last=LEDGER_ROWS)
        for row in reversed(rows):
            entry = row.entry
            if entry.get("outcome") == "done" and entry.get("revision"):
                where = f"row {row.id} of the ledger, {entry['action']} {entry['revision']}"
                return tuple(sorted(entry["heads"])), where
        return None
