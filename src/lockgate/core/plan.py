"""Plans, what they are bound to, and the Verdicts of Gates on them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from lockgate.core.environment import Role
from lockgate.core.forecast import Forecast


@dataclass(frozen=True, slots=True)
class PlanStatement:
    """One statement as scratch saw it: its text, the line that sends it, and whether it may be
    rolled back with its revision.

    The text is without the values that are sent beside it, as in the Ledger: they may be rows of
    data, or a secret. The Plan is not bound to the `forecast`, which moves with every row.
    `database` is the one of several that it runs on, None where there is one.
    """

    sql: str
    line: int | None
    transactional: bool
    forecast: Forecast | None = None
    database: str | None = None


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
    compared, or where the Steps failed. `waivers` are the gates that a person passes by, each with
    the reason.
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
    waivers: tuple[tuple[str, str], ...]
    git_commit: str | None
    scratch: str
    lockgate: str
    created_at: str
    verdicts: tuple[Verdict, ...] = ()

    @property
    def hash(self) -> str:
        """`sha256:` and the digest of what the Plan is bound to: what a person approves.

        Equal on another machine and tomorrow. So it leaves out the time and the Verdicts, takes
        scratch by its major, and takes statements that work on rows without their constants: a
        revision may well insert the time or a random key. The syntax hash holds it all the same.
        """
        return _digest(self._bound())

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revisions of the Steps."""
        return tuple(step.revision for step in self.steps)

    @property
    def scratch_major(self) -> int:
        """The major of the server that the Steps were tried on."""
        return int(self.scratch.partition(".")[0])

    def with_verdicts(self, verdicts: Iterable[Verdict]) -> Plan:
        """The same Plan with the Gates' answers."""
        return replace(self, verdicts=tuple(verdicts))

    def _bound(self) -> dict[str, Any]:
        content = asdict(self) | {
            "scratch": self.scratch_major,
            "steps": [_bound_step(step) for step in self.steps],
        }
        del content["created_at"], content["verdicts"]
        return content


def _bound_step(step: PlanStep) -> dict[str, Any]:
    """What of `step` the hash covers: no line numbers, which a comment moves."""
    from lockgate.core.sql import without_constants  # only a hash needs the parser

    statements = [[without_constants(s.sql), s.transactional] for s in step.statements]
    return asdict(step) | {"statements": statements}


def plan_document(plan: Plan) -> dict[str, Any]:
    """The Plan as its file holds it, in the shape of CONTRACT.md.

    `digest` is over the rest of the document; see `is_whole`.
    """
    content = {
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
        "waivers": dict(plan.waivers),
        "git_commit": plan.git_commit,
        "scratch": plan.scratch,
        "steps": [asdict(step) for step in plan.steps],
        "verdicts": [asdict(verdict) for verdict in plan.verdicts],
    }
    return content | {"digest": _digest(content)}


def is_whole(document: Mapping[str, Any]) -> bool:
    """Whether `document`, without its schema, is as `plan_document` wrote it.

    The hash alone would not notice an edited reason, or another constant in an UPDATE.
    """
    content = {key: value for key, value in document.items() if key not in ("schema", "digest")}
    return document.get("digest") == _digest(content)


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def differences(approved: Plan, now: Plan) -> tuple[str, ...]:
    """What a Plan is bound to and is no longer so, a phrase each; empty if both have one hash."""
    if approved.hash == now.hash:
        return ()
    phrases = []
    for was_step, now_step in zip(approved.steps, now.steps, strict=False):
        if was_step.revision != now_step.revision:
            break
        if was_step.syntax != now_step.syntax:
            phrases.append(f"revision {was_step.revision} was edited")
        elif _bound_step(was_step) != _bound_step(now_step):
            phrases.append(f"revision {now_step.revision} sends other statements")
    for name, words in _BOUND.items():
        was, is_now = getattr(approved, name), getattr(now, name)
        if was != is_now:
            phrases.append(f"{words} was {_shown(was)} and is {_shown(is_now)}")
    return tuple(phrases)


_BOUND = {
    "environment": "the environment",
    "role": "the role",
    "uuid": "the database's mark",
    "server_major": "the server's major",
    "from_heads": "the database's revision",
    "from_fingerprint": "the database's structure",
    "to_heads": "the target",
    "waivers": "what is waived",
    "git_commit": "the git commit",
    "lock_timeout_ms": "lock_timeout in ms",
    "lock_budget_ms": "lock_budget in ms",
    "statement_timeout_ms": "statement_timeout in ms",
    "scratch_major": "the major of scratch",
    "lockgate": "the version of lockgate",
    "revisions": "what is to run",
    "to_fingerprint": "the structure at the end",
}


def before_stop(approved: Plan, now: Plan) -> Plan:
    """`now` put back to where `approved` began, with the Steps that it has left.

    Has the hash of `approved` if `now` is the rest of it and nothing else moved.
    """
    done = max(len(approved.steps) - len(now.steps), 0)
    return replace(
        now,
        from_heads=approved.from_heads,
        from_fingerprint=approved.from_fingerprint,
        steps=(*approved.steps[:done], *now.steps),
    )


def _shown(value: object) -> str:
    if not value:
        return "none"
    if isinstance(value, tuple):
        return f'"{", ".join(one if isinstance(one, str) else one[0] for one in value)}"'
    words = str(value)
    return f'"{words[:19]}"' if words.startswith("sha256:") else f'"{words}"'
