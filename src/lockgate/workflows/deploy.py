"""`lockgate deploy`: a Plan shown, approved, run on its Environment, and proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lockgate.core.catalog import Change
from lockgate.core.health import CheckResult
from lockgate.core.outcome import Outcome
from lockgate.core.plan import Plan, differences
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import steps
from lockgate.postgres.connect import Checked
from lockgate.workflows.catalogs import read_catalogs
from lockgate.workflows.checks import run_checks
from lockgate.workflows.destination import Destination, find_destination
from lockgate.workflows.listing import ask
from lockgate.workflows.plan import plan_for, read_plan
from lockgate.workflows.rehearse import fingerprint
from lockgate.workflows.running import run
from lockgate.workflows.workspace import Workspace


@dataclass(eq=False)
class GatesRefuse(LockgateError):
    """A gate says no, and nobody waived it."""

    environment: str
    refusals: tuple[tuple[str, str], ...]

    code: ClassVar[str] = "LG-DEP-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """The gates and their reasons."""
        listed = "; ".join(f"{gate}: {reason}" for gate, reason in self.refusals)
        return f'"{self.environment}" is not deployed: {listed}'

    @property
    def hint(self) -> str:
        """Do what the reason says, or waive by name."""
        gate = self.refusals[0][0]
        return f'do what the reason says; a gate is passed by with --waive "{gate}=REASON"'


@dataclass(eq=False)
class PlanMoved(LockgateError):
    """Something that the approved Plan is bound to is no longer so."""

    environment: str
    what: tuple[str, ...]

    code: ClassVar[str] = "LG-DEP-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """What moved."""
        return f'the plan for "{self.environment}" no longer holds: {"; ".join(self.what)}'

    @property
    def hint(self) -> str:
        """Plan and approve again."""
        return f"run `lockgate plan {self.environment}` and have the new plan approved"


@dataclass(eq=False)
class NotApproved(LockgateError):
    """The hash that was approved is not this Plan's."""

    approved: str
    found: str

    code: ClassVar[str] = "LG-DEP-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Both hashes."""
        return f'approved was "{self.approved}", but the plan is "{self.found}"'

    @property
    def hint(self) -> str:
        """Look at it and approve it."""
        return "read the plan with `lockgate plan ENV`, and approve the hash that it shows"


@dataclass(eq=False)
class StructureNotReached(LockgateError):
    """Everything ran and is committed, but the structure is not the one that scratch had."""

    environment: str
    expected: str
    found: str

    code: ClassVar[str] = "LG-DEP-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Both Fingerprints."""
        return (
            f'"{self.environment}" is upgraded, but a new connection finds structure '
            f'"{self.found}", expected "{self.expected}"'
        )

    @property
    def hint(self) -> str:
        """Look at what differs."""
        return f"compare with `lockgate status {self.environment}` before anything else is deployed"


@dataclass(eq=False)
class PlanForAnother(LockgateError):
    """A plan file given for another Environment than the one it was made for."""

    asked: str
    planned: str

    code: ClassVar[str] = "LG-DEP-5"
    exit_status: ClassVar[ExitStatus] = ExitStatus.WRONG_DATABASE

    @property
    def message(self) -> str:
        """Both names."""
        return f'expected a plan for "{self.asked}", but this one is for "{self.planned}"'

    @property
    def hint(self) -> str:
        """Name the right one."""
        return f"run `lockgate deploy {self.planned}`, or give the plan of {self.asked}"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A Plan that ran, what it did, and how the functional checks answered."""

    plan: Plan
    outcome: Outcome
    checks: tuple[CheckResult, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """The schema changes that were made."""
        return self.outcome.changes

    @property
    def healthy(self) -> bool:
        """Whether every functional check was answered as expected."""
        return all(check.ok for check in self.checks)


Show = Callable[[Plan], None]
Approve = Callable[[Plan], None]


def deploy(
    workspace: Workspace,
    environment: str,
    *,
    plan_file: Path | None,
    to: str | None,
    waivers: Mapping[str, str],
    show: Show,
    approve: Approve,
) -> Deployed:
    """Makes or takes a Plan, shows it, has it approved, runs it, and proves where it led.

    `approve` raises if the Plan is not approved. A Plan without Steps is not asked about.

    Raises GatesRefuse, PlanMoved, StructureNotReached, and what running raises.
    """
    destination = find_destination(workspace, environment)
    approved = read_plan(plan_file) if plan_file is not None else None
    if approved is not None and approved.environment != environment:
        raise PlanForAnother(environment, approved.environment)
    target = to
    if approved is not None and len(approved.to_heads) == 1:
        target = approved.to_heads[0]
    plan = plan_for(destination, waivers=waivers, to=target)
    if approved is not None and approved.hash != plan.hash:
        raise PlanMoved(environment, differences(approved, plan) or ("its hash",))
    show(plan)
    refusals = tuple((v.gate, v.reason) for v in plan.verdicts if not v.passes)
    if refusals:
        raise GatesRefuse(environment, refusals)
    if plan.steps:
        approve(plan)
    outcome = _run(destination, plan)
    reached = fingerprint(outcome.catalogs_after) if outcome.steps else plan.from_fingerprint
    if plan.to_fingerprint is not None and reached != plan.to_fingerprint:
        raise StructureNotReached(environment, plan.to_fingerprint, reached)
    workspace.progress.working("running the functional checks")
    return Deployed(plan, outcome, run_checks(destination))


def require_hash(plan: Plan, approved: str) -> None:
    """Raises NotApproved unless `approved` is the Plan's hash, with or without `sha256:`."""
    if approved.removeprefix("sha256:") != plan.hash.removeprefix("sha256:"):
        raise NotApproved(approved, plan.hash)


def _run(destination: Destination, plan: Plan) -> Outcome:
    """Runs the Plan's Steps under the deploy lock, after a last look at where they start."""

    def look_again(_: Mapping[str, Checked]) -> None:
        record, _guard = ask(destination, purpose="deploy")
        heads = tuple(sorted({h for found in record.heads_before.values() for h in found}))
        found = fingerprint(read_catalogs(destination, record.version_tables))
        if heads != plan.from_heads:
            raise PlanMoved(plan.environment, ("the database's revision moved",))
        if found != plan.from_fingerprint:
            raise PlanMoved(plan.environment, ("the database's structure moved",))

    waived = tuple(
        (f"waived {v.gate}", f"{v.waived} ({v.reason})") for v in plan.verdicts if v.waived
    )
    directory = destination.workspace.project.directory
    target = plan.to_heads[0] if len(plan.to_heads) == 1 else "heads"
    return run(
        destination,
        steps.upgrade(directory, target),
        action="deploy",
        options={"destination_rev": target},
        plan=plan.hash,
        remarks=waived,
        before=look_again,
    )
