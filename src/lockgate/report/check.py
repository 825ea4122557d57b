"""What `lockgate check` found, for people and as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from lockgate.core.finding import Finding, Severity
from lockgate.report.finding import finding_document
from lockgate.report.wrapping import wrapped

if TYPE_CHECKING:
    from lockgate.core.catalog import Change


def check_text(
    server: str, findings: Sequence[Finding], models_match: bool | None, *, width: int
) -> str:
    """Each Finding, its remedy below the last one that has it, and a sentence at the end."""
    lines = []
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    warnings = len(findings) - errors
    for finding, following in zip_longest(findings, findings[1:]):
        lines += wrapped(
            f"{finding.severity.value}[{finding.code}] {finding.source}: {finding.message}"
            + (f" ({finding.file}:{finding.line})" if finding.file is not None else ""),
            width,
            rest="  ",
        )
        if following is None or finding.remedy != following.remedy:
            lines += wrapped(f"-> {finding.remedy}", width, first="  ", rest="     ")
    if models_match is True:
        lines.append("the models make the same schema as the revisions")
    elif models_match is None:
        lines.append(
            "the models were not compared: several heads that nobody joined, or env.py names none"
        )
    if errors or warnings:
        lines.append(f"{errors} errors, {warnings} warnings (PostgreSQL {server})")
    else:
        lines.append(f"one head, lock file and rehearsals in order (PostgreSQL {server})")
    return "\n".join(lines)


def check_document(
    server: str,
    findings: Iterable[Finding],
    *,
    ok: bool,
    models_match: bool | None,
    models_changes: Iterable[Change],
    models_missed: Collection[Change] | None,
) -> dict[str, Any]:
    """The same as JSON."""
    from lockgate.report.changes import compared_document

    return {
        "server": server,
        "ok": ok,
        "findings": [
            finding_document(finding, "rule") | {"file": finding.file, "line": finding.line}
            for finding in findings
        ],
        "models_match": models_match,
        "models_changes": [compared_document(change, models_missed) for change in models_changes],
    }
