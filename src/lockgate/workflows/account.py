"""Keeps the Ledger while revisions run, and answers whether a run may be tried again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from lockgate.core.ledger import Actor, Entry, ledger_statements, timestamp, write_entry
from lockgate.core.outcome import Step
from lockgate.core.progress import Progress
from lockgate.core.statement import Statement
from lockgate.core.syntax import syntax_hash
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.driver import DbapiConnection, Execute, Observer
from lockgate.postgres import ledger, session


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

    `attempt` counts from 1 and is raised by the caller before each retry.
    """

    action: str
    actor: Actor
    clock: Callable[[], datetime]
    progress: Progress
    lock_timeout_ms: int
    lock_budget_ms: int
    plan: str | None = None
    remarks: tuple[tuple[str, str], ...] = ()
    attempt: int = 1
    before_first: Callable[[], None] = lambda: None
    steps_begun: int = 0
    patient: set[int] = field(default_factory=set)

    def step_begins(self, step: Step) -> None:
        """Takes the Catalog before the first revision, and says which one runs."""
        if self.steps_begun == 0:
            self.before_first()
        self.steps_begun += 1
        self.progress.working(f"{step.direction} {step.revision} {step.message}")

    def statement_begins(self, statement: Statement, connection: DbapiConnection) -> None:
        """Gives a CONCURRENTLY the whole budget: while it waits, it blocks nobody."""
        if statement.transactional and not self.patient:
            return
        from lockgate.core.sql import is_concurrent  # parses, and most revisions need no parser

        patient = not statement.transactional and is_concurrent(statement.sql)
        if patient != (id(connection) in self.patient):
            wanted = self.lock_budget_ms if patient else self.lock_timeout_ms
            session.set_lock_timeout(connection, wanted)
            (self.patient.add if patient else self.patient.discard)(id(connection))

    def step_applied(self, step: Step, execute: Execute) -> None:
        """Writes the revision's row beside its DDL."""
        if execute(ledger.APPEND, {"entry": write_entry(self.entry(step, "done"))}) != 1:
            raise LedgerEndMissing

    def step_committed(self, step: Step) -> None:
        """Says that the revision is in."""
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
            attempt=self.attempt,
            statements=ledger_statements(s for s in step.statements if not s.bookkeeping),
            remarks=(*self.remarks, *remarks.items()),
        )


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
