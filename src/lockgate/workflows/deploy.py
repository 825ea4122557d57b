"""`lockgate deploy`: a Plan shown, approved, run on its Environment, and proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from lockgate.core.catalog import Change
from lockgate.core.gates import decide, gates
from lockgate.core.health import CheckResult
from lockgate.core.ledger import write_entry
from lockgate.core.outcome import Outcome
from lockgate.core.plan import Plan, PlanStep, before_stop, differences
from lockgate.core.rehearsal import structural
from lockgate.core.syntax import syntax_hash
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import steps
from lockgate.postgres import ledger
from lockgate.postgres.connect import Checked
from lockgate.workflows.account import entry_without_revision
from lockgate.workflows.applied import note_applied
from lockgate.workflows.catalogs import fingerprint, read_catalogs
from lockgate.workflows.checks import run_checks
from lockgate.workflows.destination import Destination, find_destination
from lockgate.workflows.evidence import gather, unfinished
from lockgate.workflows.listing import ask
from lockgate.workflows.plan import Made, plan_for, read_plan
from lockgate.workflows.running import run
from lockgate.workflows.workspace import Workspace, git


@dataclass(eq=False)
class GatesRefuse(LockgateError):
    """A gate says no, and nobody waived it."""

    environment: str
    refusals: tuple[tuple[str, str], ...]
    may_be_waived: bool

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
        if not self.may_be_waived:
            return "do what the reason says, and plan again"
        waivers = " ".join(f'--waive "{gate}=REASON"' for gate, _ in self.refusals)
        return f"do what the reason says, or pass it by and say why: {waivers}"


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
    """Everything ran and is committed, but the structure is not the one that scratch had.

    `differing` are the objects whose changes are not the planned ones.
    """

    environment: str
    expected: str
    found: str
    differing: tuple[str, ...]

    code: ClassVar[str] = "LG-DEP-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Both Fingerprints, and what to look at."""
        listed = ", ".join(self.differing[:3]) + (", ..." if len(self.differing) > 3 else "")
        return (
            f'"{self.environment}" is upgraded, but a new connection finds structure '
            f'"{self.found[:19]}", expected "{self.expected[:19]}"'
            + (f"; not as planned: {listed}" if listed else "")
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


@dataclass(eq=False)
class ApprovalMissing(LockgateError):
    """Nobody approved the Plan, and there is no terminal to ask on."""

    environment: str
    hash: str

    code: ClassVar[str] = "LG-DEP-6"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Which Plan waits."""
        return (
            f'"{self.environment}" is not deployed: plan "{self.hash}" is not approved, '
            "and there is no terminal to ask on"
        )

    @property
    def hint(self) -> str:
        """The two ways of a script."""
        return (
            "add --approve HASH with the hash of a plan that a person has read, "
            f"or --yes {self.environment}"
        )


@dataclass(eq=False)
class ToGivenWithPlan(LockgateError):
    """--to beside a plan file, which says itself where it leads."""

    to: str

    code: ClassVar[str] = "LG-DEP-7"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What was given."""
        return f'--to "{self.to}" is given beside --plan, which says itself where it leads'

    @property
    def hint(self) -> str:
        """One of the two."""
        return "leave out --to, or plan again with it"


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

    `approve` raises if the Plan is not approved. A Plan without Steps is not asked about. A plan
    file brings its waivers with it.

    Raises GatesRefuse, PlanMoved, StructureNotReached, and what planning and running raise.
    """
    destination = find_destination(workspace, environment)
    approved = read_plan(plan_file) if plan_file is not None else None
    targets: tuple[str, ...] = (to or "heads",)
    if approved is not None:
        if approved.environment != environment:
            raise PlanForAnother(environment, approved.environment)
        if to is not None:
            raise ToGivenWithPlan(to)
        targets = approved.to_heads
        waivers = dict(approved.waivers) | dict(waivers)
    made = plan_for(destination, waivers=waivers, targets=targets)
    plan = made.plan
    if approved is not None:
        _refuse_moved(destination, approved, plan)
    show(plan)
    _refuse_gates(plan)
    if not plan.steps:
        return Deployed(plan, _nothing_ran(destination, plan), run_checks(destination))
    approve(approved or plan)
    plan_hash = (approved or plan).hash
    outcome = _run(destination, made, plan_hash=plan_hash)
    note_applied(destination, outcome)
    return Deployed(plan, outcome, _prove(destination, made, outcome, plan_hash=plan_hash))


def require_hash(plan: Plan, approved: str) -> None:
    """Raises NotApproved unless `approved` is the Plan's hash, with or without `sha256:`."""
    if approved.removeprefix("sha256:") != plan.hash.removeprefix("sha256:"):
        raise NotApproved(approved, plan.hash)


def _refuse_moved(destination: Destination, approved: Plan, plan: Plan) -> None:
    """Raises PlanMoved unless `plan` is `approved`, or what is left of it after a stop part-way."""
    if approved.hash == plan.hash:
        return
    is_rest = before_stop(approved, plan).hash == approved.hash
    if not (is_rest and _was_begun(destination, approved, plan)):
        raise PlanMoved(approved.environment, differences(approved, plan))
    destination.workspace.progress.done("note: this is what is left of the plan that stopped")


def _was_begun(destination: Destination, approved: Plan, rest: Plan) -> bool:
    """Whether the Ledger has the Steps before `rest` as run for `approved`, or one is part-way."""
    ran = {step.revision for step in approved.steps[: len(approved.steps) - len(rest.steps)]}
    with destination.connected(purpose="deploy") as checked:
        is_part_way = unfinished(checked) is not None
        rows, _ = ledger.read_ledger(next(iter(checked.values())).connection)
    done = {
        entry.get("revision")
        for entry in (row.entry for row in rows)
        if entry.get("plan") == approved.hash and entry.get("outcome") == "done"
    }
    return ran <= done and (bool(ran) or is_part_way)


def _refuse_gates(plan: Plan) -> None:
    """Raises GatesRefuse."""
    refusals = tuple((v.gate, v.reason) for v in plan.verdicts if not v.passes)
    if refusals:
        waivable = {gate.NAME for gate in gates() if gate.WAIVABLE}
        raise GatesRefuse(
            plan.environment, refusals, may_be_waived={name for name, _ in refusals} <= waivable
        )


def _nothing_ran(destination: Destination, plan: Plan) -> Outcome:
    heads = dict.fromkeys(destination.urls, plan.from_heads)
    return Outcome(heads, heads, (), {}, (), attempts=0, seconds=0.0)


def _run(destination: Destination, made: Made, *, plan_hash: str) -> Outcome:
    """Runs the Plan's Steps under the deploy lock, after a last look at all that it rests on.

    A person may have thought for an hour before the approval.
    """
    plan, workspace = made.plan, destination.workspace

    def look_again(checked: Mapping[str, Checked]) -> None:
        record, _ = ask(destination, purpose="deploy")
        now = replace(
            plan,
            from_heads=tuple(sorted({h for found in record.heads_before.values() for h in found})),
            from_fingerprint=fingerprint(read_catalogs(destination, record.version_tables)),
            git_commit=git(workspace.settings.root, "rev-parse", "HEAD"),
            steps=tuple(_as_now(workspace, step) for step in plan.steps),
        )
        if moved := differences(plan, now):
            raise PlanMoved(plan.environment, moved)
        evidence = gather(
            destination,
            plan,
            checked,
            expected_fingerprint=made.expected_fingerprint,
            scratch_error=made.scratch_error,
        )
        # The deployer found now is this deploy.
        _refuse_gates(decide(plan, replace(evidence, deployer=None)))

    waived = tuple(
        (f"waived {v.gate}", f"{v.waived} ({v.reason})") for v in plan.verdicts if v.waived
    )
    return run(
        destination,
        steps.exactly(
            workspace.project.directory, {step.revision for step in plan.steps}, plan.to_heads
        ),
        action="deploy",
        options={"destination_rev": plan.to_heads[0] if len(plan.to_heads) == 1 else "heads"},
        plan=plan_hash,
        remarks=waived,
        before=look_again,
    )


def _as_now(workspace: Workspace, step: PlanStep) -> PlanStep:
    """`step` with the syntax hash that its file has at this moment."""
    path = Path(workspace.project.directory.get_revision(step.revision).path)
    try:
        return replace(step, syntax=syntax_hash(path.read_bytes()))
    except (OSError, SyntaxError, ValueError):
        return replace(step, syntax="unreadable")


def _prove(
    destination: Destination, made: Made, outcome: Outcome, *, plan_hash: str
) -> tuple[CheckResult, ...]:
    """How the functional checks answer, once the structure is the planned one.

    The Ledger keeps both. Raises StructureNotReached.
    """
    expected, reached = made.plan.to_fingerprint, fingerprint(outcome.catalogs_after)
    if expected is not None and reached != expected:
        moved = structural(tuple(set(made.changes) ^ set(outcome.changes)))
        differing = sorted({_named(change) for change in moved})
        wrong = StructureNotReached(destination.name, expected, reached, tuple(differing))
        _account(destination, plan_hash, "failed", {"structure": wrong.message})
        raise wrong
    destination.workspace.progress.working("running the functional checks")
    checks = run_checks(destination)
    if checks:
        answered = "done" if all(check.ok for check in checks) else "failed"
        answers = {check.name: check.reason or "as expected" for check in checks}
        _account(destination, plan_hash, answered, answers)
    return checks


def _named(change: Change) -> str:
    return f"{change.object} {change.name}" + (f", {change.property}" if change.property else "")


def _account(
    destination: Destination, plan_hash: str, outcome: str, remarks: Mapping[str, str]
) -> None:
    """Appends what was found after the deploy to the Ledger."""
    workspace = destination.workspace
    entry = entry_without_revision(
        "check",
        outcome,
        actor=workspace.actor,
        at=workspace.clock(),
        plan=plan_hash,
        remarks=remarks,
    )
    with destination.connected(purpose="ledger") as checked:
        ledger.append(next(iter(checked.values())).connection, write_entry(entry))
