"""Gates, one file each: a condition that a Plan must meet.

A gate is a module here, or one that an installed package names in the entry point group
`lockgate.gates`, with the shape of `Gate`. They decide from `Evidence` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import ClassVar, Protocol, cast

from lockgate.core.lockfile import LockDifference, LockedRehearsal
from lockgate.core.plan import Plan, Verdict
from lockgate.errors import ExitStatus, LockgateError


@dataclass(frozen=True, slots=True)
class Applied:
    """Whether a required Environment has the Plan's revisions, and where that was read.

    `edited` are those that it has in another form, by the syntax hash of its Ledger.
    """

    environment: str
    missing: tuple[str, ...]
    source: str
    edited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that gates look at, gathered at one moment.

    `lock_differences` are those of the Plan's revisions and their ancestors. `rehearsals` has
    the lock file's rehearsal on the target's major for each Step, None where there is none.
    `commit` is None where git names none. `dirty` are paths with changes that no commit has.
    `branch` is the settings' and `here` what is checked out, in words; `on_branch` is None where
    the settings name none. `expected_fingerprint` is the structure that the database should have
    at its revision, None where nobody knows. `unfinished` is the revision that an earlier run
    left part-way. `unseen` are users with sessions whose transactions lockgate's login may not
    see. `in_window` is None where there is no window. `scratch_error` is what stopped the Plan's
    Steps on scratch.
    """

    mark: str
    repository_heads: tuple[str, ...]
    lock_differences: tuple[LockDifference, ...]
    rehearsals: Mapping[str, LockedRehearsal | None]
    commit: str | None
    dirty: tuple[str, ...]
    branch: str | None
    here: str
    on_branch: bool | None
    required: tuple[Applied, ...]
    expected_fingerprint: str | None
    unfinished: str | None
    deployer: str | None
    blockers: tuple[str, ...]
    unseen: tuple[str, ...]
    oldest_transaction_ms: int
    window: str | None
    in_window: bool | None
    now: datetime
    scratch_error: str | None


class Gate(Protocol):
    """The shape of a module in this folder."""

    NAME: str
    """As `--waive` names it."""

    ORDER: int
    """Place among the verdicts."""

    WAIVABLE: bool
    """Whether a person may pass it by with a reason."""

    def decide(self, plan: Plan, evidence: Evidence) -> Verdict:
        """The Gate's answer, with a reason in words either way."""
        ...


@dataclass(eq=False)
class WaiverUnknown(LockgateError):
    """--waive names no gate, or one that nobody may waive, or gives no reason."""

    given: str
    problem: str
    known: tuple[str, ...]

    code: ClassVar[str] = "LG-GATE-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What was given and why it does not do."""
        return f'--waive "{self.given}" {self.problem}'

    @property
    def hint(self) -> str:
        """The form and the names."""
        return f'write --waive "GATE=REASON", with one of {", ".join(self.known)}'


def gates() -> tuple[Gate, ...]:
    """Every gate there is, in the order of their verdicts."""
    return tuple(sorted(_found(), key=lambda gate: (gate.ORDER, gate.NAME)))


def decide(plan: Plan, evidence: Evidence) -> Plan:
    """`plan` with the Verdict of every gate, those that it waives passed by."""
    waivers = dict(plan.waivers)
    verdicts = []
    for gate in gates():
        verdict = gate.decide(plan, evidence)
        if not verdict.ok and gate.WAIVABLE and gate.NAME in waivers:
            verdict = replace(verdict, waived=waivers[gate.NAME])
        verdicts.append(verdict)
    return plan.with_verdicts(verdicts)


def parse_waivers(given: tuple[str, ...]) -> dict[str, str]:
    """Gate names and reasons of `--waive GATE=REASON`; raises WaiverUnknown."""
    waivable = {gate.NAME: gate.WAIVABLE for gate in gates()}
    known = tuple(name for name, may in waivable.items() if may)
    waivers = {}
    for text in given:
        name, _, reason = text.partition("=")
        if name not in waivable:
            raise WaiverUnknown(text, "names no gate", known)
        if not waivable[name]:
            raise WaiverUnknown(text, "names a gate that nobody may waive", known)
        if not reason.strip():
            raise WaiverUnknown(text, "gives no reason", known)
        waivers[name] = reason.strip()
    return waivers


def _found() -> Iterator[Gate]:
    for module in iter_modules(__path__):
        yield cast(Gate, import_module(f"{__name__}.{module.name}"))
    for entry_point in entry_points(group="lockgate.gates"):
        yield cast(Gate, entry_point.load())
