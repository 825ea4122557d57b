"""A Plan as a page that stands for itself, for the person who approves it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from html import escape

from lockgate.core.duration import format_duration
from lockgate.core.plan import Plan, PlanStatement
from lockgate.report.forecast import phrases
from lockgate.report.page import page_start


def plan_html(plan: Plan) -> str:
    """What would run where, each gate's verdict, each statement, and the hash to approve."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield page_start(f"Plan for {plan.environment}")
    at, to = (", ".join(heads) or "base" for heads in (plan.from_heads, plan.to_heads))
    number = len(plan.steps)
    counted = f"{number} revision{'' if number == 1 else 's'}" if number else "nothing to run"
    yield f"<p>{escape(plan.role)}, PostgreSQL {plan.server_major}, from <code>{escape(at)}</code>"
    yield f"to <code>{escape(to)}</code>, {counted}</p>"
    yield from _verdicts(plan)
    for step in plan.steps:
        yield f"<section>\n<h2><code>{escape(step.revision)}</code> {escape(step.message)}</h2>"
        if step.irreversible:
            yield f'<p class="warning"><b>no way back</b>: {escape(step.irreversible)}</p>'
        for statement in step.statements:
            yield from _statement(statement)
        if not step.statements:
            yield '<p class="dim">no statements</p>'
        yield "</section>"
    timeout, budget = format_duration(plan.lock_timeout_ms), format_duration(plan.lock_budget_ms)
    yield "<h2>To approve</h2>"
    yield f"<p>Each lock is waited for {timeout} at a time, {budget} in all.</p>"
    yield f"<pre>{escape(f'lockgate deploy {plan.environment} --approve {plan.hash}')}</pre>"


def _verdicts(plan: Plan) -> Iterator[str]:
    yield "<table><tr><th>gate<th>verdict<th>reason</tr>"
    for verdict in plan.verdicts:
        word = "passes" if verdict.ok else "waived" if verdict.waived else "refuses"
        shade = {"passes": "", "waived": "writes", "refuses": "reads"}[word]
        waived = f" (waived: {verdict.waived})" if verdict.waived else ""
        yield (
            f'<tr class="{shade}"><td>{escape(verdict.gate)}<td class="lock">{word}'
            f"<td>{escape(verdict.reason + waived)}</tr>"
        )
    yield "</table>"


def _statement(statement: PlanStatement) -> Iterator[str]:
    outside = "" if statement.transactional else "outside a transaction: what it made stays"
    yield "<article>"
    if statement.database:
        yield f'<p class="file">on {escape(statement.database)}</p>'
    if outside:
        yield f'<p class="warning"><b>{outside}</b> if a later one fails</p>'
    yield f"<pre>{escape(textwrap.dedent(statement.sql).strip())}</pre>"
    if statement.forecast is not None:
        yield f"<p>forecast: {'<br>'.join(map(escape, phrases(statement.forecast)))}</p>"
    yield "</article>"
