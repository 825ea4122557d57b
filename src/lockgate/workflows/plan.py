"""`lockgate plan`: Steps made on scratch from the target's structure, judged by the gates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from lockgate import __version__
from lockgate.core.environment import Role
from lockgate.core.gates import decide
from lockgate.core.ledger import timestamp
from lockgate.core.plan import Plan, PlanStatement, PlanStep, Verdict
from lockgate.core.preview import Preview
from lockgate.core.syntax import syntax_hash
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.ranges import RevisionText, resolve_range
from lockgate.workflows.catalogs import read_catalogs
from lockgate.workflows.destination import Destination, find_destination
from lockgate.workflows.evidence import gather
from lockgate.workflows.listing import ask
from lockgate.workflows.preview import preview_range
from lockgate.workflows.rehearse import fingerprint, start_of
from lockgate.workflows.scratch import open_scratch
from lockgate.workflows.workspace import Workspace, git

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


def make_plan(
    workspace: Workspace, environment: str, *, waivers: Mapping[str, str], to: str | None = None
) -> Plan:
    """The Plan that takes `environment` to the head (or to `to`), with the gates' Verdicts."""
    return plan_for(find_destination(workspace, environment), waivers=waivers, to=to)


def plan_for(
    destination: Destination, *, waivers: Mapping[str, str], to: str | None = None
) -> Plan:
    """Like `make_plan`, for a destination that is known already."""
    workspace = destination.workspace
    environment = destination.environment
    assert environment is not None
    workspace.progress.working(f"reading {destination.name}")
    record, _ = ask(destination, purpose="plan")
    start = start_of(destination)
    catalogs = read_catalogs(destination, record.version_tables)
    asked = resolve_range(workspace.project.directory, to, start.heads)
    with open_scratch(workspace, major=start.major, parts=start.parts) as scratch:
        shown = preview_range(workspace, scratch, start, asked, down=False)
    comparable = scratch.major == start.major
    budget = environment.budget
    with destination.connected(purpose="plan") as checked:
        first = next(iter(checked.values()))
        plan = Plan(
            environment=environment.name,
            role=environment.role,
            uuid=first.mark.uuid,
            server_major=first.facts.server_version // 10_000,
            from_heads=start.heads,
            from_fingerprint=fingerprint(catalogs),
            to_heads=shown.heads_after,
            to_fingerprint=shown.fingerprint_after if comparable and not shown.error else None,
            steps=_steps(workspace, asked, shown),
            lock_timeout_ms=budget.lock_timeout_ms,
            lock_budget_ms=budget.lock_budget_ms,
            statement_timeout_ms=budget.statement_timeout_ms,
            git_commit=git(workspace.settings.root, "rev-parse", "HEAD"),
            scratch=scratch.version,
            lockgate=__version__,
            created_at=timestamp(workspace.clock()),
        )
        evidence = gather(destination, plan, checked, scratch_error=shown.error)
    return decide(plan, evidence, waivers)


def read_plan(path: Path) -> Plan:
    """The Plan in the file at `path`; raises PlanUnreadable."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanUnreadable(path, error.strerror or "it cannot be read") from error
    except ValueError as error:
        raise PlanUnreadable(path, "it is no JSON, or cut short") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise PlanUnreadable(path, f"it is not of the schema {SCHEMA}")
    try:
        plan = _plan(document)
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise PlanUnreadable(path, f"it lacks or misspells {error}") from error
    if plan.hash != document.get("hash"):
        raise PlanUnreadable(path, "its hash is not that of its content: it was edited")
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
                PlanStatement(s.sql, s.statement.line, s.statement.transactional)
                for s in previewed[text.revision].up
                if not s.statement.bookkeeping
            ),
        )
        for text in asked
    )


def _relative(path: Path, root: Path) -> str:
    """`path` below the repository, so that a Plan has the same hash on every machine."""
    resolved = path.resolve()
    return str(resolved.relative_to(root)) if resolved.is_relative_to(root) else resolved.name
