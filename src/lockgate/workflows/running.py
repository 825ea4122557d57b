"""Runs revisions on a marked Environment: one deployer, short lock waits, a Ledger, a proof.

The common middle of upgrade, downgrade, stamp and deploy. Which revisions, and whether they
may, is decided by the use case that calls it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from lockgate.core.catalog import Catalog, diff
from lockgate.core.duration import format_duration
from lockgate.core.identity import WrongDatabase
from lockgate.core.ledger import write_entry
from lockgate.core.outcome import Outcome, Step
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.driver import (
    DbapiConnection,
    RunFailed,
    RunRecord,
    StatementFailed,
    Steps,
    VersionTable,
    drive,
)
from lockgate.migrations.steps import nothing
from lockgate.postgres import ledger, session
from lockgate.postgres.catalog import CatalogLocked
from lockgate.postgres.connect import Checked, InRecovery, RoleMayNotWrite
from lockgate.postgres.lookout import Lookout
from lockgate.postgres.session import Blocker
from lockgate.workflows.account import Bookkeeper, entry_without_revision
from lockgate.workflows.catalogs import read_catalogs
from lockgate.workflows.destination import Destination, EnvironmentGuard
from lockgate.workflows.journal import Journal
from lockgate.workflows.timing import sizings_of

LOCK_FAILURES = ("55P03", "40P01")
"""The SQLSTATEs lock_not_available and deadlock_detected."""
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
LONGEST_LOOKOUT_INTERVAL_S = 0.5


@dataclass(eq=False)
class LockNotObtained(LockgateError):
    """A lock stayed taken through every try within the budget; the revision was rolled back."""

    revision: str
    sql: str
    attempts: int
    budget_ms: int
    blockers: tuple[Blocker, ...]
    done: tuple[str, ...] = ()
    part_way: bool = False

    code: ClassVar[str] = "LG-WAIT-2"

    @property
    def exit_status(self) -> ExitStatus:  # type: ignore[override]
        """Whether anything lasting was made before."""
        lasting = self.part_way or self.done
        return ExitStatus.PART_WAY if lasting else ExitStatus.LOCK_NOT_OBTAINED

    @property
    def message(self) -> str:
        """Statement, tries, and who is in the way."""
        first_line = self.sql.strip().splitlines()[0]
        outcome = "nothing changed"
        if self.part_way:
            outcome = "it stopped part-way"
        elif self.done:
            outcome = f"what ran before it stands, up to {self.done[-1]}"
        tries = "1 try" if self.attempts == 1 else f"{self.attempts} tries"
        return (
            f'revision {self.revision} did not get the lock for "{first_line}" in '
            f"{tries} within {format_duration(self.budget_ms)}; {outcome}"
            + (f"; in the way: {_who(self.blockers)}" if self.blockers else "")
        )

    @property
    def hint(self) -> str:
        """End the blocker, or wait for a quiet hour."""
        if self.blockers and self.blockers[0].pid:
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
                "call connection.commit() in env.py after the statement that runs before "
                "context.configure(), or run it inside context.begin_transaction()"
            )
        return "look in env.py for a rollback, or a connection closed before its commit"


@dataclass(eq=False)
class StructureUnread(LockgateError):
    """The revisions are in, and the structure that they made could not be read."""

    environment: str
    revisions: tuple[str, ...]
    reason: str

    code: ClassVar[str] = "LG-RUN-9"
    exit_status: ClassVar[ExitStatus] = ExitStatus.PART_WAY

    @property
    def message(self) -> str:
        """What is in, and why it is not proved."""
        at = _words(self.revisions[-1:])
        return f'"{self.environment}" is at {at}, but not proved: {self.reason}'

    @property
    def hint(self) -> str:
        """Look again."""
        return "run `lockgate status` when the cause is gone"


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

    Raises LockNotObtained, NotCommitted, AnotherDeployer, DeployLockLost, StructureUnread,
    RevisionUnfinished, RevisionDiffers, a RunFailed or a WrongDatabase.
    """
    workspace = destination.workspace
    started = time.monotonic()
    catalogs: dict[str, Catalog] = {}
    budget = destination.budget
    with destination.connected(purpose=f"{action} lock") as checked:
        refuse_unwritable(destination, checked)
        first = next(iter(checked.values()))
        destination = destination.pinned(first.mark)
        keeper = Bookkeeper(
            action=action,
            actor=workspace.actor,
            clock=workspace.clock,
            progress=workspace.progress,
            journal=Journal(checked, lock_timeout_ms=budget.lock_budget_ms),
            own=first,
            environment=destination.name,
            lock_timeout_ms=budget.lock_timeout_ms,
            lock_budget_ms=budget.lock_budget_ms,
            plan=plan,
            remarks=remarks,
            version_tables=_version_tables_of_several(destination),
        )

        def look() -> None:
            catalogs.update(read_catalogs(destination, keeper.version_tables))
            if action != "stamp":
                keeper.works_of = sizings_of(checked, catalogs).works_of

        keeper.before_first = look
        with session.deploy_lock(first.connection, environment=destination.name):
            before(checked)
            try:
                record, attempts = _until_locks_are_free(
                    destination, steps, keeper, options, checked
                )
                heads = _proved_heads(destination, record)
                if action == "stamp":  # says what is so, also of a revision that was cut off
                    keeper.journal.clear()
            except BaseException as error:
                _note_failure(destination, first, keeper, error)
                raise
            after = _read_result(destination, record)
    changes = tuple(change for part in after for change in diff(catalogs[part], after[part]))
    return Outcome(
        heads_before=record.heads_before,
        heads_after=heads,
        steps=record.steps,
        catalogs_after=after,
        changes=changes,
        attempts=attempts,
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


def _version_tables_of_several(destination: Destination) -> list[VersionTable]:
    """The version tables of all databases, where there are several; else the run itself tells.

    In the run each database's is known only when its turn comes, and by then the revisions on
    those before it hold locks: no time to read structures.
    """
    if len(destination.urls) == 1:
        return []
    record = drive(
        destination.workspace.project,
        nothing,
        target=destination.target(),
        guard=destination.guard(purpose="version tables"),
        options={"dont_mutate": True},
    )
    return list(record.version_tables)


def _until_locks_are_free(
    destination: Destination,
    steps: Steps,
    keeper: Bookkeeper,
    options: Mapping[str, object] | None,
    checked: Mapping[str, Checked],
) -> tuple[RunRecord, int]:
    """Runs, and after a lock timeout or a deadlock pauses and runs again, within the budget.

    Between two tries nothing is held, so whoever queued behind us gets through. Answers how many
    there were, too.
    """
    workspace, budget = destination.workspace, destination.budget
    connections = {part: one.connection for part, one in checked.items()}
    interval_s = min(budget.lock_timeout_ms / 4_000, LONGEST_LOOKOUT_INTERVAL_S)
    attempts = 1
    spent_ms = 0.0
    pause_s = FIRST_PAUSE_S
    done: tuple[Step, ...] = ()
    heads_before: Mapping[str, tuple[str, ...]] | None = None
    while True:
        keeper.journal.open()
        with Lookout(connections, interval_s=interval_s) as lookout:
            try:
                record = drive(
                    workspace.project,
                    steps,
                    target=destination.target(),
                    guard=_GuardWithLookout(
                        destination.guard(purpose=f"{keeper.action} {destination.name}"), lookout
                    ),
                    observer=keeper,
                    options=options,
                )
            except RunFailed as error:
                error.record = _joined(heads_before, done, error.record)
                if not isinstance(error, StatementFailed) or error.sqlstate not in LOCK_FAILURES:
                    raise
                # A revision that is part-way is tried again too: its journal says where to go on.
                heads_before, done = error.record.heads_before, error.record.steps
                spent_ms += (time.monotonic() - keeper.waiting_since) * 1_000
                failure: LockgateError = LockNotObtained(
                    error.revision,
                    error.sql,
                    keeper.attempt,
                    budget.lock_budget_ms,
                    lookout.blockers,
                    tuple(step.revision for step in done),
                    error.part_way,
                )
                failure.__cause__ = error
            except CatalogLocked as error:
                spent_ms += error.lock_timeout_ms
                failure = error
            else:
                return _joined(heads_before, done, record), attempts
        left_ms = budget.lock_budget_ms - spent_ms - budget.lock_timeout_ms
        if left_ms <= 0:
            raise failure
        pause_s = min(pause_s, left_ms / 1_000)
        who = f", in the way: {_who(lookout.blockers[:1])}" if lookout.blockers else ""
        workspace.progress.done(f"a lock was not obtained{who}; again in {pause_s:.1f} s")
        threading.Event().wait(pause_s * random.uniform(0.8, 1.0))
        spent_ms += pause_s * 1_000
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        attempts += 1


class _GuardWithLookout:
    """The Environment's guard, which also tells the Lookout whom to look after."""

    def __init__(self, guard: EnvironmentGuard, lookout: Lookout) -> None:
        self.guard = guard
        self.lookout = lookout

    def connected(
        self, connection: DbapiConnection, *, host: str | None, announced_pid: int | None
    ) -> None:
        """Adds a connection that was not refused."""
        self.guard.connected(connection, host=host, announced_pid=announced_pid)
        if announced_pid is not None:
            self.lookout.add(self.guard.marks[id(connection)].part, announced_pid)

    def configured(self, connection: DbapiConnection) -> str | None:
        """As the Environment's guard."""
        return self.guard.configured(connection)


def _joined(
    heads_before: Mapping[str, tuple[str, ...]] | None, done: tuple[Step, ...], record: RunRecord
) -> RunRecord:
    """The record of all tries together, `record` being the last one's."""
    return replace(
        record,
        heads_before=record.heads_before if heads_before is None else heads_before,
        steps=(*done, *record.steps),
    )


def _who(blockers: tuple[Blocker, ...]) -> str:
    return "; ".join(
        f'session {b.pid} ("{b.application}", {b.state}, '
        f"transaction open for {format_duration(b.transaction_age_ms)})"
        if b.pid
        else "a prepared transaction"
        for b in blockers[:3]
    )


def _note_failure(
    destination: Destination, own: Checked, keeper: Bookkeeper, error: BaseException
) -> None:
    """Appends what failed to the Ledger, on a connection that the failure did not touch."""
    words = str(error) if isinstance(error, LockgateError) else type(error).__name__
    if isinstance(error, KeyboardInterrupt):
        words = "interrupted"
    step = keeper.step
    lasting = keeper.committed or (step is not None and step.part_way)
    if isinstance(error, WrongDatabase) and not lasting:
        return  # what is refused leaves every database as it was, this one too
    outcome = "part-way" if step is not None and step.part_way else "failed"
    if step is not None:
        entry = keeper.entry(step, outcome, error=words)
    else:
        entry = entry_without_revision(
            keeper.action,
            outcome,
            actor=keeper.actor,
            at=keeper.clock(),
            plan=keeper.plan,
            remarks={"error": words, **dict(keeper.remarks)},
        )
    try:
        if session.is_alive(own.connection):
            ledger.append(own.connection, write_entry(entry))
            return
        with destination.connected(purpose="ledger") as checked:
            ledger.append(next(iter(checked.values())).connection, write_entry(entry))
    except Exception as second:
        # The first error is the one to show; what can be gone here is the server.
        keeper.progress.done(f"the ledger has no row of this failure: {second}")


def _read_result(destination: Destination, record: RunRecord) -> dict[str, Catalog]:
    """The Catalogs after a run that did something; raises StructureUnread."""
    if not record.steps:
        return {}
    try:
        return read_catalogs(destination, record.version_tables)
    except LockgateError as error:
        revisions = tuple(step.revision for step in record.steps)
        raise StructureUnread(destination.name, revisions, error.message) from error


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
