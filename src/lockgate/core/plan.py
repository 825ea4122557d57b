"""Plans, what they are bound to, and the Verdicts of Gates on them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from lockgate.core.environment import Role


@dataclass(frozen=True, slots=True)
class PlanStatement:
    """One statement as scratch saw it: its text, the line that sends it, and whether it may be
    rolled back with its revision."""

    sql: str
    line: int | None
    transactional: bool


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One Revision to run: its file's syntax hash and the statements it sent on scratch."""

    revision: str
    message: str
    file: str
    syntax: str
    irreversible: str | None
    statements: tuple[PlanStatement, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A Gate's answer. `waived` is the reason of the person who passed it by, None otherwise."""

    gate: str
    ok: bool
    reason: str
    waived: str | None = None

    @property
    def passes(self) -> bool:
        """Whether the deploy may go on as far as this Gate is concerned."""
        return self.ok or self.waived is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered Steps for one Environment, bound to everything they were made from.

    `from_fingerprint` is the structure that the database had, `to_fingerprint` the one that the
    Steps made of it on scratch; None where scratch was of another major, so that they cannot be
    compared. `hash` is what a person approves: it covers all fields but `created_at`, `verdicts`
    and itself.
    """

    environment: str
    role: Role
    uuid: str
    server_major: int
    from_heads: tuple[str, ...]
    from_fingerprint: str
    to_heads: tuple[str, ...]
    to_fingerprint: str | None
    steps: tuple[PlanStep, ...]
    lock_timeout_ms: int
    lock_budget_ms: int
    statement_timeout_ms: int
    git_commit: str | None
    scratch: str
    lockgate: str
    created_at: str
    verdicts: tuple[Verdict, ...] = ()

    @property
    def hash(self) -> str:
        """`sha256:` and the digest of what the Plan is bound to."""
        return f"sha256:{hashlib.sha256(self._bound().encode()).hexdigest()}"

    def with_verdicts(self, verdicts: Iterable[Verdict]) -> Plan:
        """The same Plan with the Gates' answers."""
        return replace(self, verdicts=tuple(verdicts))

    def _bound(self) -> str:
        content = asdict(self)
        del content["created_at"], content["verdicts"]
        return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def plan_document(plan: Plan) -> dict[str, Any]:
    """The Plan as its file holds it, in the shape of CONTRACT.md."""
    return {
        "hash": plan.hash,
        "created_at": plan.created_at,
        "lockgate": plan.lockgate,
        "environment": {
            "name": plan.environment,
            "role": plan.role.value,
            "uuid": plan.uuid,
            "server_major": plan.server_major,
        },
        "from": list(plan.from_heads),
        "from_fingerprint": plan.from_fingerprint,
        "to": list(plan.to_heads),
        "to_fingerprint": plan.to_fingerprint,
        "timeouts": {
            "lock_timeout_ms": plan.lock_timeout_ms,
            "lock_budget_ms": plan.lock_budget_ms,
            "statement_timeout_ms": plan.statement_timeout_ms,
        },
        "git_commit": plan.git_commit,
        "scratch": plan.scratch,
        "steps": [asdict(step) for step in plan.steps],
        "verdicts": [asdict(verdict) for verdict in plan.verdicts],
    }


def differences(approved: Plan, now: Plan) -> tuple[str, ...]:
    """What a Plan is bound to and is no longer so, a phrase each; empty if both have one hash."""
    phrases = []
    for name, words in _BOUND.items():
        was, is_now = getattr(approved, name), getattr(now, name)
        if was != is_now:
            phrases.append(f"{words} was {_shown(was)} and is {_shown(is_now)}")
    if [s.revision for s in approved.steps] != [s.revision for s in now.steps]:
        phrases.append("other revisions are pending")
    for was_step, now_step in zip(approved.steps, now.steps, strict=False):
        if was_step.revision == now_step.revision and was_step.syntax != now_step.syntax:
            phrases.append(f"revision {was_step.revision} was edited")
        elif was_step != now_step:
            phrases.append(f"the statements of revision {now_step.revision} are others")
    return tuple(phrases)


_BOUND = {
    "environment": "the environment",
    "uuid": "the database's mark",
    "server_major": "the server's major",
    "from_heads": "the database's revision",
    "from_fingerprint": "the database's structure",
    "to_heads": "the target",
    "to_fingerprint": "the structure at the end",
    "git_commit": "the git commit",
    "lock_timeout_ms": "lock_timeout",
    "lock_budget_ms": "lock_budget",
    "statement_timeout_ms": "statement_timeout",
    "scratch": "the scratch server",
    "lockgate": "the version of lockgate",
}


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return f'"{", ".join(value)}"' if value else "none"
    return f'"{value}"'
