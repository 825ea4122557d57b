"""`lockgate plan`: Steps made on scratch from the target's structure, judged by the gates."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from lockgate import __version__
from lockgate.core.catalog import Change
from lockgate.core.environment import Role
from lockgate.core.gates import decide
from lockgate.core.ledger import timestamp
from lockgate.core.plan import Plan, PlanStatement, PlanStep, Verdict, is_whole
from lockgate.core.preview import Preview, PreviewedStatement
from lockgate.core.syntax import syntax_hash
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import steps
from lockgate.migrations.driver import RunFailed, RunRecord
from lockgate.migrations.ranges import RevisionText, read_revision
from lockgate.migrations.steps import pending
from lockgate.workflows.catalogs import fingerprint, read_catalogs
from lockgate.workflows.destination import Destination, find_destination
from lockgate.workflows.evidence import gather, locked_fingerprint, unfinished
from lockgate.workflows.forecasting import bases_of
from lockgate.workflows.listing import ask
from lockgate.workflows.preview import preview_range
from lockgate.workflows.rehearse import start_of
from lockgate.workflows.scratch import PREFIX, Scratch, open_scratch
from lockgate.workflows.workspace import Workspace

SCHEMA = "lockgate/plan/1"


@dataclass(eq=False)
class PlanUnreadable(LockgateError):
    """A plan file that is missing, cut short, of another format, or edited by hand."""

    path: Path
    reason: str

    code: ClassVar[str] = "LG-PLAN-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file and why."""
        return f'the plan "{self.path}" cannot be used: {self.reason}'

    @property
    def hint(self) -> str:
        """Make a new one."""
        return "make a new one with `lockgate plan ENV -o FILE`"


@dataclass(eq=False)
class RevisionNotHere(LockgateError):
    """The database is at a revision that no file of this checkout has."""

    environment: str
    revision: str

    code: ClassVar[str] = "LG-PLAN-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Environment and revision."""
        return (
            f'"{self.environment}" is at revision "{self.revision}", and no file here has it: '
            "this checkout is older, or of another branch"
        )

    @property
    def hint(self) -> str:
        """Where the file is."""
        return (
            "check out the commit that it was deployed from, or a later one; "
            f"`lockgate log {self.environment}` names it, and "
            f"`lockgate doctor {self.environment}` looks for a file that is lost"
        )


@dataclass(frozen=True)
class Made:
    """A Plan with its Verdicts, and what they rest on beside the Plan."""

    plan: Plan
    expected_fingerprint: str | None
    scratch_error: str | None
    changes: tuple[Change, ...]


def make_plan(
    workspace: Workspace, environment: str, *, waivers: Mapping[str, str], to: str | None = None
) -> Plan:
    """The Plan that takes `environment` to the heads (or to `to`), with the gates' Verdicts."""
    destination = find_destination(workspace, environment)
    return plan_for(destination, waivers=waivers, targets=(to or "heads",)).plan


def plan_for(
    destination: Destination, *, waivers: Mapping[str, str], targets: tuple[str, ...]
) -> Made:
    """Like `make_plan`, for a destination that is known already, to all of `targets`.

    Raises RevisionNotHere, AlembicRefused, and what reading and scratch raise.
    """
    workspace = destination.workspace
    environment = destination.environment
    assert environment is not None
    workspace.progress.working(f"reading {destination.name}")
    record, _ = ask(destination, purpose="plan")
    asked = _asked(destination, record, targets)
    start = replace(start_of(destination), bases=bases_of(destination))
    catalogs = read_catalogs(destination, record.version_tables)
    with destination.connected(purpose="plan") as checked:
        first = next(iter(checked.values()))
        major = first.facts.server_version // 10_000
        # Half a revision is no state to run it on again: then scratch starts from the files.
        begin = replace(start, dumps=None) if unfinished(checked) else start
    with open_scratch(workspace, major=major, parts=start.parts) as scratch:
        shown = preview_range(workspace, scratch, begin, asked, down=False)
        expected = locked_fingerprint(workspace.lock, start.heads, major=major)
        comparable = scratch.major == major
        if expected is None and comparable:
            expected = _replayed(scratch, start.heads)
    plan = Plan(
        environment=environment.name,
        role=environment.role,
        uuid=first.mark.uuid,
        server_major=major,
        from_heads=start.heads,
        from_fingerprint=fingerprint(catalogs),
        to_heads=_heads_after(workspace, start.heads, asked),
        to_fingerprint=shown.fingerprint_after if comparable and not shown.error else None,
        steps=_steps(workspace, asked, shown),
        lock_timeout_ms=environment.budget.lock_timeout_ms,
        lock_budget_ms=environment.budget.lock_budget_ms,
        statement_timeout_ms=environment.budget.statement_timeout_ms,
        waivers=tuple(sorted(waivers.items())),
        git_commit=workspace.actor.git_commit,
        scratch=scratch.version,
        lockgate=__version__,
        created_at=timestamp(workspace.clock()),
    )
    workspace.progress.working("asking the gates")
    with destination.connected(purpose="plan") as checked:
        evidence = gather(
            destination,
            plan,
            checked,
            expected_fingerprint=expected,
            scratch_error=shown.error,
        )
    return Made(decide(plan, evidence), expected, shown.error, shown.changes)


def _asked(
    destination: Destination, record: RunRecord, targets: tuple[str, ...]
) -> tuple[RevisionText, ...]:
    """What an upgrade to `targets` would run in any of the databases, in order."""
    directory = destination.workspace.project.directory
    known = {script.revision for script in directory.walk_revisions()}
    lists = []
    for heads in record.heads_before.values():
        for head in heads:
            if head not in known:
                raise RevisionNotHere(destination.name, head)
        lists += [pending(directory, target, heads) for target in targets]
    # The longest first, so that what only the others have comes after what it rests on.
    scripts = {s.revision: s for found in sorted(lists, key=len, reverse=True) for s in found}
    return tuple(read_revision(script) for script in scripts.values())


def _heads_after(
    workspace: Workspace, heads: tuple[str, ...], asked: tuple[RevisionText, ...]
) -> tuple[str, ...]:
    """The heads of a database at `heads` once `asked` ran."""
    directory = workspace.project.directory
    after: list[str] = []
    covered: set[str] = set()
    for revision in reversed([*heads, *(text.revision for text in asked)]):
        if revision not in covered:
            after.append(revision)
            covered |= {script.revision for script in pending(directory, revision, ())}
    return tuple(sorted(after))


def _replayed(scratch: Scratch, heads: tuple[str, ...]) -> str | None:
    """The Fingerprint that the revision files give a database at `heads`.

    None where they fail, or pass through what is not theirs.
    """
    project = scratch.workspace.project
    with scratch.databases() as databases:
        try:
            for head in heads:
                databases.upgrade(project, head)
            record = databases.run(project, steps.nothing)
        except RunFailed:
            return None
        return fingerprint(databases.catalogs(record.version_tables))


def read_plan(path: Path) -> Plan:
    """The Plan in the file at `path`; raises PlanUnreadable."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanUnreadable(path, error.strerror or "it cannot be read") from error
    except ValueError as error:
        raise PlanUnreadable(path, "it is no JSON, or was cut short") from error
    if not isinstance(document, dict) or not isinstance(document.get("schema"), str):
        raise PlanUnreadable(path, "it is no plan")
    if document["schema"] != SCHEMA:
        raise PlanUnreadable(path, f'its schema is "{document["schema"]}", not "{SCHEMA}"')
    try:
        plan = _plan(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PlanUnreadable(path, f"it lacks or misspells {error}") from error
    if plan.hash != document.get("hash") or not is_whole(document):
        raise PlanUnreadable(path, "it was edited: its hash is not that of its content")
    return plan


def _plan(document: dict[str, Any]) -> Plan:  # Any: JSON before it is checked
    environment, timeouts = document["environment"], document["timeouts"]
    return Plan(
        environment=environment["name"],
        role=Role(environment["role"]),
        uuid=environment["uuid"],
        server_major=environment["server_major"],
        from_heads=tuple(document["from"]),
        from_fingerprint=document["from_fingerprint"],
        to_heads=tuple(document["to"]),
        to_fingerprint=document["to_fingerprint"],
        steps=msgspec.convert(document["steps"], tuple[PlanStep, ...]),
        lock_timeout_ms=timeouts["lock_timeout_ms"],
        lock_budget_ms=timeouts["lock_budget_ms"],
        statement_timeout_ms=timeouts["statement_timeout_ms"],
        waivers=tuple(document["waivers"].items()),
        git_commit=document["git_commit"],
        scratch=document["scratch"],
        lockgate=document["lockgate"],
        created_at=document["created_at"],
        verdicts=msgspec.convert(document["verdicts"], tuple[Verdict, ...]),
    )


def _steps(
    workspace: Workspace, asked: tuple[RevisionText, ...], shown: Preview
) -> tuple[PlanStep, ...]:
    root = workspace.settings.root.resolve()
    previewed = {one.revision: one for one in shown.revisions}
    return tuple(
        PlanStep(
            revision=text.revision,
            message=text.message,
            file=_relative(text.path, root),
            syntax=syntax_hash(text.path.read_bytes()),
            irreversible=text.irreversible,
            statements=tuple(
                PlanStatement(
                    _text(one),
                    one.statement.line,
                    one.statement.transactional,
                    one.forecast,
                    one.part or None,
                )
                for one in previewed[text.revision].up
                if not one.statement.bookkeeping
            ),
        )
        for text in asked
    )


def _text(one: PreviewedStatement) -> str:
    """The statement without parameters' values and without the random name of its database."""
    sent = one.statement.sql if one.statement.parameters else one.sql
    return _SCRATCH_NAME.sub(PREFIX.rstrip("_"), sent)


_SCRATCH_NAME = re.compile(rf"{PREFIX}[0-9a-f]+")


def _relative(path: Path, root: Path) -> str:
    """`path` below the repository, so that a Plan has the same hash on every machine."""
    resolved = path.resolve()
    return str(resolved.relative_to(root)) if resolved.is_relative_to(root) else resolved.name
