"""A Plan and its Verdicts for people, as JSON and as Markdown."""

from __future__ import annotations

import textwrap
from typing import Any

from lockgate.core.duration import format_duration
from lockgate.core.health import CheckResult
from lockgate.core.outcome import Outcome
from lockgate.core.plan import Plan, PlanStatement, Verdict, plan_document
from lockgate.report.forecast import forecast_line, forecast_lines
from lockgate.report.outcome import outcome_document, outcome_text

CUT = " ..."
OUTSIDE = "!"
MARKDOWN_WIDTH = 120

__all__ = ["deployed_document", "deployed_text", "plan_document", "plan_markdown", "plan_text"]


def plan_text(plan: Plan, *, width: int, verbose: bool = False) -> str:
    """Steps, Verdicts and hash; each statement in one line of `width`, whole if verbose."""
    at, to = _heads(plan.from_heads), _heads(plan.to_heads)
    lines = [f"plan for {plan.environment} ({plan.role}), PostgreSQL {plan.server_major}"]
    if not plan.steps:
        lines.append(f"  at {at}; nothing to run")
    else:
        lines.append(f"  from {at} to {to}, {_count(len(plan.steps), 'revision')}")
    cut = False
    for step in plan.steps:
        lines += ["", f"  {step.revision}  {step.message}"]
        database = None
        for statement in step.statements:
            if statement.database != database:
                database = statement.database
                lines.append(f"    on {database}")
            whole, short = _statement_lines(statement), _statement_line(statement, width)
            cut |= short.endswith(CUT)
            lines += whole if verbose else [short]
            lines += _forecast(statement, width, verbose=verbose)
        if not step.statements:
            lines.append("    no statements")
    if any(not s.transactional for step in plan.steps for s in step.statements):
        lines += ["", f"  {OUTSIDE} outside a transaction: what it made stays if a later one fails"]
    if cut and not verbose:
        lines += ["", "  --verbose shows the statements whole"]
    lines += ["", "  gates"]
    lines += [line for verdict in plan.verdicts for line in _verdict(verdict, width)]
    waits = (
        f"each lock is waited for {format_duration(plan.lock_timeout_ms)} at a time, "
        f"{format_duration(plan.lock_budget_ms)} in all"
    )
    lines += ["", f"  {waits}", f"  hash {plan.hash}"]
    return "\n".join(lines)


def _forecast(statement: PlanStatement, width: int, *, verbose: bool) -> list[str]:
    """What the statement would cost: all of it if verbose, else in a line where it is felt."""
    if statement.forecast is None:
        return []
    if verbose:
        found = forecast_lines(statement.forecast, width=width - 6)
    else:
        found = forecast_line(statement.forecast, width=width - 6)
    return [f"      {line}" for line in found]


def _statement_line(statement: PlanStatement, width: int) -> str:
    sign = " " if statement.transactional else OUTSIDE
    line = f"  {sign} {' '.join(statement.sql.split())}"
    return line if len(line) <= width else line[: width - len(CUT)].rstrip() + CUT


def _statement_lines(statement: PlanStatement) -> list[str]:
    sign = " " if statement.transactional else OUTSIDE
    text = textwrap.indent(textwrap.dedent(statement.sql).strip(), "    ")
    return f"  {sign} {text[4:]}".expandtabs(4).splitlines()


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
        for statement in step.statements:
            lines += [f"-- on {statement.database}"] * bool(statement.database)
            lines.append(f"{textwrap.dedent(statement.sql).strip()};")
            if statement.forecast is not None:
                found = forecast_line(statement.forecast, width=MARKDOWN_WIDTH)
                lines += [f"-- {line}" for line in found]
        lines.append("```")
    lines += ["", f"Approve with `lockgate deploy {plan.environment} --approve {plan.hash}`."]
    return "\n".join(lines)


def deployed_text(
    plan: Plan, outcome: Outcome, checks: tuple[CheckResult, ...], *, verbose: bool
) -> str:
    """What the deploy did and how the functional checks answered."""
    lines = [outcome_text(plan.environment, outcome, verbose=verbose)]
    if outcome.steps and plan.to_fingerprint is not None:
        lines.append("the structure is the one that the plan ends at")
    elif outcome.steps:
        lines.append(f"the structure is not proved: the plan was made on PostgreSQL {plan.scratch}")
    for check in checks:
        sign, reason = ("✓", "") if check.ok else ("✗", f": {check.reason}")
        lines.append(f"{sign} {check.name}{reason}")
    failed = sum(not check.ok for check in checks)
    if failed:
        after = "; the revisions are in" if outcome.steps else ""
        lines.append(f"{_count(failed, 'check')} of {len(checks)} failed{after}")
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


def _verdict(verdict: Verdict, width: int) -> list[str]:
    sign = "✓" if verdict.ok else "!" if verdict.waived else "✗"
    lines = textwrap.wrap(
        f"{verdict.gate}: {verdict.reason}",
        width=width,
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
