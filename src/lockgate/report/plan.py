"""A Plan and its Verdicts for people, as JSON and as Markdown."""

from __future__ import annotations

import textwrap
from typing import Any

from lockgate.core.duration import format_duration
from lockgate.core.health import CheckResult
from lockgate.core.outcome import Outcome
from lockgate.core.plan import Plan, Verdict, plan_document
from lockgate.report.outcome import outcome_document, outcome_text

__all__ = ["deployed_document", "deployed_text", "plan_document", "plan_markdown", "plan_text"]


def plan_text(plan: Plan, *, verbose: bool = False) -> str:
    """Steps, Verdicts and hash, within 80 columns but for SQL."""
    at, to = _heads(plan.from_heads), _heads(plan.to_heads)
    lines = [f"plan for {plan.environment} ({plan.role}), PostgreSQL {plan.server_major}"]
    if not plan.steps:
        lines.append(f"  at {at}; nothing to run")
    else:
        lines.append(f"  from {at} to {to}, {_count(len(plan.steps), 'revision')}")
    for step in plan.steps:
        lines += ["", f"  {step.revision}  {step.message}"]
        for statement in step.statements:
            outside = "" if statement.transactional else "  -- outside a transaction"
            sql = textwrap.dedent(statement.sql).strip()
            shown = sql if verbose or len(sql) < 2_000 else f"{sql[:2_000]} ..."
            lines.append(textwrap.indent(f"{shown}{outside}", "    "))
        if not step.statements:
            lines.append("    no statements")
    lines += ["", "  gates"]
    lines += [line for verdict in plan.verdicts for line in _verdict(verdict)]
    waits = (
        f"each lock is waited for {format_duration(plan.lock_timeout_ms)} at a time, "
        f"{format_duration(plan.lock_budget_ms)} in all"
    )
    lines += ["", f"  {waits}", f"  hash {plan.hash}"]
    return "\n".join(lines)


def plan_markdown(plan: Plan) -> str:
    """The Plan as a comment on a pull request."""
    lines = [
        f"## Plan for `{plan.environment}`",
        "",
        f"PostgreSQL {plan.server_major}, from `{_heads(plan.from_heads)}` "
        f"to `{_heads(plan.to_heads)}`, {_count(len(plan.steps), 'revision')}.",
        "",
        "| gate | verdict | reason |",
        "|---|---|---|",
    ]
    for verdict in plan.verdicts:
        reason = verdict.reason.replace("|", "\\|")
        if verdict.waived:
            reason += f" (waived: {verdict.waived})".replace("|", "\\|")
        lines.append(f"| {verdict.gate} | {_word(verdict)} | {reason} |")
    for step in plan.steps:
        lines += ["", f"### `{step.revision}` {step.message}", "", "```sql"]
        lines += [f"{textwrap.dedent(s.sql).strip()};" for s in step.statements]
        lines.append("```")
    lines += ["", f"Approve with `lockgate deploy {plan.environment} --approve {plan.hash}`."]
    return "\n".join(lines)


def deployed_text(
    plan: Plan, outcome: Outcome, checks: tuple[CheckResult, ...], *, verbose: bool
) -> str:
    """What the deploy did and how the functional checks answered."""
    lines = [outcome_text(plan.environment, outcome, verbose=verbose)]
    for check in checks:
        sign, reason = ("✓", "") if check.ok else ("✗", f": {check.reason}")
        lines.append(f"{sign} {check.name}{reason}")
    if not checks:
        lines.append("the settings name no functional checks")
    return "\n".join(lines)


def deployed_document(
    plan: Plan, outcome: Outcome, checks: tuple[CheckResult, ...]
) -> dict[str, Any]:
    """The same as JSON, with the Plan's hash and Verdicts."""
    return {
        "plan": plan_document(plan),
        "outcome": outcome_document(plan.environment, outcome),
        "checks": [
            {
                "name": check.name,
                "ok": check.ok,
                "reason": check.reason,
                "milliseconds": round(check.milliseconds, 1),
            }
            for check in checks
        ],
    }


def _verdict(verdict: Verdict) -> list[str]:
    sign = "✓" if verdict.ok else "!" if verdict.waived else "✗"
    lines = textwrap.wrap(
        f"{verdict.gate}: {verdict.reason}",
        width=78,
        initial_indent=f"  {sign} ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    if verdict.waived:
        lines.append(f"      waived: {verdict.waived}")
    return lines


def _word(verdict: Verdict) -> str:
    if verdict.ok:
        return "passes"
    return "waived" if verdict.waived else "**refuses**"


def _heads(heads: tuple[str, ...]) -> str:
    return ", ".join(heads) or "base"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
