"""Runs revisions on a marked Environment: one deployer, short lock waits, a Ledger, a proof.

The common middle of upgrade, downgrade, stamp and deploy. Which revisions, and whether they
may, is decided by the use case that calls it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from lockgate.core.catalog import Catalog, diff
from lockgate.core.duration import format_duration
from lockgate.core.ledger import write_entry
from lockgate.core.outcome import Outcome, Step
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.driver import (
    RunFailed,
    RunRecord,
    StatementFailed,
    Steps,
    VersionTable,
    drive,
)
from lockgate.postgres import ledger, session
from lockgate.postgres.connect import Checked, InRecovery, RoleMayNotWrite
from lockgate.workflows.account import Bookkeeper, entry_without_revision
from lockgate.workflows.catalogs import read_catalogs
from lockgate.workflows.destination import Destination

LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK_DETECTED = "40P01"
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0


@dataclass(eq=False)
class LockNotObtained(LockgateError):
    """A lock stayed taken through every try within the budget; everything was rolled back."""

    revision: str
    sql: str
    attempts: int
    budget_ms: int
    blockers: tuple[session.LongTransaction, ...]

    code: ClassVar[str] = "LG-WAIT-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.LOCK_NOT_OBTAINED

    @property
    def message(self) -> str:
        """Statement, tries, and who is in the way."""
        first_line = self.sql.strip().splitlines()[0]
        blockers = "; ".join(
            f'session {b.pid} ("{b.application}", {b.state}, open for {format_duration(b.age_ms)})'
            for b in self.blockers[:3]
        )
        return (
            f'revision {self.revision} did not get the lock for "{first_line}" in '
            f"{self.attempts} tries within {format_duration(self.budget_ms)}; nothing changed"
            + (f"; in the way: {blockers}" if blockers else "")
        )

    @property
    def hint(self) -> str:
        """End the blocker, or wait for a quiet hour."""
        if self.blockers:
            pid = self.blockers[0].pid
            return f"let session {pid} end its transaction, then run the same command again"
        return "run the same command again at a quieter hour, or raise lock_budget in the settings"


@dataclass(eq=False)
class NotCommitted(LockgateError):
    """The run ended without an error, and the database is not where it should be."""

    environment: str
    expected: tuple[str, ...]
    found: tuple[str, ...]
    external_transaction: bool

    code: ClassVar[str] = "LG-RUN-5"
    exit_status: ClassVar[ExitStatus] = ExitStatus.ROLLED_BACK

    @property
    def message(self) -> str:
        """Both versions, seen from a new connection."""
        return (
            f'a new connection finds "{self.environment}" at {_words(self.found)} and not at '
            f"{_words(self.expected)}: env.py ended without an error, but did not commit"
        )

    @property
    def hint(self) -> str:
        """The usual cause."""
        if self.external_transaction:
            return (
                "in env.py, call connection.commit() after the statement that runs before "
                "context.configure(), or run it inside context.begin_transaction()"
            )
        return "look in env.py for a rollback, or a connection closed before its commit"


@dataclass
class _Watched(Bookkeeper):
    """A Bookkeeper that also learns where the version tables are, before the first revision."""

    version_tables: list[VersionTable] = field(default_factory=list)

    def configured(self, table: VersionTable) -> None:
        """Keeps `table`, whose rows are no structure."""
        if table not in self.version_tables:
            self.version_tables.append(table)


def run(
    destination: Destination,
    steps: Steps,
    *,
    action: str,
    options: Mapping[str, object] | None = None,
    plan: str | None = None,
    remarks: tuple[tuple[str, str], ...] = (),
    before: Callable[[Mapping[str, Checked]], None] = lambda _: None,
) -> Outcome:
    """Runs `steps` on `destination` under its deploy lock and proves the result.

    `before` is called with checked connections, the deploy lock held, before anything runs.

    Raises LockNotObtained, NotCommitted, AnotherDeployer, a RunFailed or a WrongDatabase.
    """
    workspace = destination.workspace
    started = time.monotonic()
    catalogs: dict[str, Catalog] = {}
    budget = destination.budget
    keeper = _Watched(
        action=action,
        actor=workspace.actor,
        clock=workspace.clock,
        progress=workspace.progress,
        lock_timeout_ms=budget.lock_timeout_ms,
        lock_budget_ms=budget.lock_budget_ms,
        plan=plan,
        remarks=remarks,
    )

    def take_catalogs() -> None:
        if not catalogs:
            catalogs.update(read_catalogs(destination, keeper.version_tables))

    keeper.before_first = take_catalogs
    with destination.connected(purpose=f"{action} lock") as checked:
        refuse_unwritable(destination, checked)
        first = next(iter(checked.values()))
        with session.deploy_lock(first.connection, environment=destination.name):
            before(checked)
            try:
                record = _until_locks_are_free(destination, steps, keeper, options, first)
            except BaseException as error:
                _note_failure(first, keeper, error)
                raise
    heads = _proved_heads(destination, record)
    after = read_catalogs(destination, record.version_tables) if record.steps else {}
    changes = tuple(change for part in after for change in diff(catalogs[part], after[part]))
    return Outcome(
        heads_before=record.heads_before,
        heads_after=heads,
        steps=record.steps,
        catalogs_after=after,
        changes=changes,
        attempts=keeper.attempt,
        seconds=time.monotonic() - started,
    )


def refuse_unwritable(destination: Destination, checked: Mapping[str, Checked]) -> None:
    """Raises InRecovery or RoleMayNotWrite where the login cannot change what it has to."""
    for part, one in checked.items():
        url = destination.urls[part].redacted()
        if one.facts.in_recovery:
            raise InRecovery(url)
        row = one.connection.execute(
            "SELECT current_setting('default_transaction_read_only')::bool,"
            " has_table_privilege('lockgate.ledger', 'INSERT'),"
            " has_table_privilege('lockgate.ledger_end', 'UPDATE')"
        ).fetchone()
        assert row is not None
        read_only, may_insert, may_update = row
        if read_only:
            what = "write: its transactions are read-only by default"
            raise RoleMayNotWrite(url, one.facts.user, what)
        if not (may_insert and may_update):
            raise RoleMayNotWrite(url, one.facts.user, "write the ledger lockgate.ledger")


def _until_locks_are_free(
    destination: Destination,
    steps: Steps,
    keeper: _Watched,
    options: Mapping[str, object] | None,
    own: Checked,
) -> RunRecord:
    """Runs, and after a lock timeout or a deadlock pauses and runs again, within the budget.

    Between two tries nothing is held, so whoever queued behind us gets through.
    """
    workspace = destination.workspace
    budget_ms = destination.budget.lock_budget_ms
    started = time.monotonic()
    pause = FIRST_PAUSE_S
    done: tuple[Step, ...] = ()
    heads_before: Mapping[str, tuple[str, ...]] | None = None
    while True:
        try:
            record = drive(
                workspace.project,
                steps,
                target=destination.target(),
                guard=destination.guard(purpose=f"{keeper.action} {destination.name}"),
                observer=keeper,
                options=options,
            )
        except StatementFailed as failure:
            if failure.part_way or failure.sqlstate not in (LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED):
                raise
            done += failure.record.steps
            heads_before = heads_before or failure.record.heads_before
            spent_ms = (time.monotonic() - started) * 1_000
            blockers = session.long_transactions(own.connection, older_than_ms=0)
            if spent_ms + pause * 1_000 >= budget_ms:
                raise LockNotObtained(
                    failure.revision, failure.sql, keeper.attempt, budget_ms, blockers
                ) from failure
            _say_waiting(workspace.progress.done, failure, blockers, pause)
        else:
            return RunRecord(
                heads_before or record.heads_before,
                (*done, *record.steps),
                record.version_tables,
                record.external_transaction,
            )
        keeper.attempt += 1
        threading.Event().wait(pause * random.uniform(0.8, 1.2))
        pause = min(pause * 2, LONGEST_PAUSE_S)


def _say_waiting(
    say: Callable[[str], None],
    failure: StatementFailed,
    blockers: tuple[session.LongTransaction, ...],
    pause: float,
) -> None:
    who = "".join(
        f', in the way: session {b.pid} ("{b.application}", {b.state}, {format_duration(b.age_ms)})'
        for b in blockers[:1]
    )
    say(f"lock not obtained for {failure.revision}{who}; again in {pause:.1f} s")


def _note_failure(own: Checked, keeper: Bookkeeper, error: BaseException) -> None:
    """Appends what failed to the Ledger, on a connection that the failure did not touch."""
    if own.connection.closed or own.connection.broken:
        return  # the server is gone; there is nothing to write into
    words = str(error) if isinstance(error, LockgateError) else type(error).__name__
    part_way = isinstance(error, RunFailed) and error.exit_status is ExitStatus.PART_WAY
    entry = entry_without_revision(
        keeper.action,
        "part-way" if part_way else "failed",
        actor=keeper.actor,
        at=keeper.clock(),
        plan=keeper.plan,
        remarks={"error": words, "attempts": str(keeper.attempt), **dict(keeper.remarks)},
    )
    ledger.append(own.connection, write_entry(entry))


def _proved_heads(destination: Destination, record: RunRecord) -> dict[str, tuple[str, ...]]:
    """What a new connection finds in each version table; raises NotCommitted if it differs."""
    proved: dict[str, tuple[str, ...]] = {}
    with destination.connected(purpose="proof") as checked:
        for table in record.version_tables:
            found = session.read_heads(
                checked[table.part].connection, table=table.name, schema=table.schema
            )
            expected = record.heads_before.get(table.part, ())
            for step in record.steps:
                if step.part == table.part:
                    expected = step.heads
            if (found or ()) != tuple(sorted(expected)):
                raise NotCommitted(
                    destination.name,
                    tuple(sorted(expected)),
                    found or (),
                    record.external_transaction,
                )
            proved[table.part] = found or ()
    return proved


def _words(heads: tuple[str, ...]) -> str:
    return f'"{", ".join(heads)}"' if heads else "no revision"
