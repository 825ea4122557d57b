"""What running revisions came to, for people and as JSON."""

from __future__ import annotations

from typing import Any

from lockgate.core.duration import format_duration
from lockgate.core.outcome import Outcome
from lockgate.report.changes import change_document, changes_text


def outcome_text(environment: str, outcome: Outcome, *, verbose: bool) -> str:
    """Where the Environment is now, and the schema changes that were made."""
    lines = []
    for part, heads in outcome.heads_after.items():
        title = f"{environment}/{part}" if part else environment
        before = ", ".join(outcome.heads_before.get(part, ())) or "base"
        after = ", ".join(heads) or "base"
        if before == after:
            lines.append(f"{title} is at {after}; nothing to run")
        else:
            took = format_duration(outcome.seconds * 1_000)
            lines.append(f"{title}: {before} -> {after}, proved from a new connection ({took})")
    if verbose:
        for step in outcome.steps:
            lines.append(f"  {step.direction} {step.revision} {step.message}")
            lines += [
                f"    :{s.line} {' '.join(s.sql.split())}"
                for s in step.statements
                if not s.bookkeeping
            ]
    if outcome.steps:
        changes = changes_text(outcome.changes)
        lines.append("schema changes:\n" + changes if changes else "no schema changes")
    return "\n".join(lines)


def outcome_document(environment: str, outcome: Outcome) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "environment": environment,
        "from": {part: list(heads) for part, heads in outcome.heads_before.items()},
        "to": {part: list(heads) for part, heads in outcome.heads_after.items()},
        "attempts": outcome.attempts,
        "seconds": round(outcome.seconds, 3),
        "revisions": [
            {
                "revision": step.revision,
                "direction": step.direction.value,
                "message": step.message,
                "statements": [
                    {"sql": s.sql, "line": s.line, "milliseconds": s.milliseconds, "rows": s.rows}
                    for s in step.statements
                    if not s.bookkeeping
                ],
            }
            for step in outcome.steps
        ],
        "changes": [change_document(change) for change in outcome.changes],
    }
