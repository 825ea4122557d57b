"""Keeps the account of a run while it happens: its Ledger rows and its journal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from lockgate.core.ledger import (
    Actor,
    Entry,
    LedgerWork,
    ledger_statements,
    timestamp,
    write_entry,
)
from lockgate.core.outcome import Step
from lockgate.core.progress import Progress
from lockgate.core.statement import Statement
from lockgate.core.syntax import syntax_hash
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.driver import Execute, Observer, Session, VersionTable
from lockgate.postgres import ledger, session
from lockgate.postgres.connect import Checked
from lockgate.workflows.journal import Journal


@dataclass(eq=False)
class LedgerEndMissing(LockgateError):
    """The row that says where the Ledger ends is gone, so nothing can be appended."""

    code: ClassVar[str] = "LG-LEDGER-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.ROLLED_BACK

    @property
    def message(self) -> str:
        """What is missing."""
        return "the ledger cannot be continued: lockgate.ledger_end has no row"

    @property
    def hint(self) -> str:
        """How to see what happened to it."""
        return (
            "run `lockgate log --verify` to see what is missing, and restore the row from a backup"
        )


@dataclass
class Bookkeeper(Observer):
    """Writes one Ledger row per revision, in the revision's own transaction.

    Checks before each revision that `own`, the session with the deploy lock, still exists.
    """

    action: str
    actor: Actor
    clock: Callable[[], datetime]
    progress: Progress
    journal: Journal
    own: Checked
    environment: str
    lock_timeout_ms: int
    lock_budget_ms: int
    plan: str | None = None
    remarks: tuple[tuple[str, str], ...] = ()
    before_first: Callable[[], None] = lambda: None
    works_of: Callable[[Step], Mapping[int, tuple[LedgerWork, ...]]] = lambda _: {}
    version_tables: list[VersionTable] = field(default_factory=list)
    tries: Counter[tuple[str, str]] = field(default_factory=Counter)
    committed: int = 0
    step: Step | None = None
    waiting_since: float = 0.0

    @property
    def attempt(self) -> int:
        """How often the Step at hand was begun."""
        return 0 if self.step is None else self.tries[self.step.part, self.step.revision]

    def configured(self, table: VersionTable) -> None:
        """Keeps `table`, whose rows are no structure."""
        if table not in self.version_tables:
            self.version_tables.append(table)

    def step_begins(self, step: Step) -> None:
        """Takes the Catalog before the first revision, and says which one runs."""
        if not self.tries:
            self.before_first()
        if not session.is_alive(self.own.connection):
            raise session.DeployLockLost(self.environment, part_way=self.committed > 0)
        self.journal.step_begins(step)
        self.step = step
        self.tries[step.part, step.revision] += 1
        self.progress.working(f"{step.direction} {step.revision} {step.message}")

    def statement_begins(self, statement: Statement, session_: Session) -> str | None:
        """Journals what commits by itself, and gives a CONCURRENTLY the whole budget.

        While that waits for a lock, it blocks nobody.
        """
        assert self.step is not None
        instead = self.journal.statement_begins(self.step, statement, session_)
        if instead is None and _is_patient(statement):
            session.set_lock_timeout(session_.connection, self.lock_budget_ms)
        self.waiting_since = time.monotonic()
        return instead

    def statement_done(self, statement: Statement, session_: Session) -> None:
        """Journals it, and takes the patience back."""
        assert self.step is not None
        self.journal.statement_done(self.step, statement, session_)
        if _is_patient(statement):
            session.set_lock_timeout(session_.connection, self.lock_timeout_ms)

    def committing(self, session_: Session) -> None:
        """Journals what a commit in the middle of the revision makes last."""
        assert self.step is not None
        self.journal.committing(self.step, session_)

    def rolled_back(self, session_: Session) -> None:
        """Journals nothing of what is gone."""
        self.journal.rolled_back(session_)

    def step_applied(self, step: Step, execute: Execute) -> None:
        """Writes the revision's row beside its DDL, and closes its journal."""
        self.journal.step_applied(step, execute)
        statements = [s for s in step.statements if not s.bookkeeping]
        entry = replace(
            self.entry(step, "done"),
            statements=ledger_statements(statements, self.works_of(step)),
        )
        if execute(ledger.APPEND, {"entry": write_entry(entry)}) != 1:
            raise LedgerEndMissing

    def step_committed(self, step: Step) -> None:
        """Says that the revision is in."""
        self.step = None
        self.committed += 1
        took = sum(s.milliseconds or 0 for s in step.statements)
        self.progress.done(f"{step.direction} {step.revision} {step.message}  {took:.0f} ms")

    def entry(self, step: Step, outcome: str, **remarks: str) -> Entry:
        """The row for `step`."""
        return Entry(
            at=timestamp(self.clock()),
            action=self.action,
            outcome=outcome,
            actor=self.actor,
            revision=step.revision,
            direction=None if step.stamp else step.direction.value,
            heads=step.heads,
            syntax=syntax_hash(Path(step.file).read_bytes()) if step.file else None,
            plan=self.plan,
            attempt=self.tries[step.part, step.revision],
            statements=ledger_statements(s for s in step.statements if not s.bookkeeping),
            remarks=(*self.remarks, *remarks.items()),
        )


def _is_patient(statement: Statement) -> bool:
    if statement.transactional:
        return False
    from lockgate.core.sql import is_concurrent  # parses, and most revisions need no parser

    return is_concurrent(statement.sql)


def entry_without_revision(
    action: str,
    outcome: str,
    *,
    actor: Actor,
    at: datetime,
    remarks: Mapping[str, str],
    plan: str | None = None,
) -> Entry:
    """A row for something that is no revision: enrolling, a failure, a waived gate."""
    return Entry(
        at=timestamp(at),
        action=action,
        outcome=outcome,
        actor=actor,
        plan=plan,
        remarks=tuple(remarks.items()),
    )
