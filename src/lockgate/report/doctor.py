"""What is wrong with a set-up and its cures, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lockgate.core.finding import Finding
from lockgate.core.probes import SetUp


def doctor_text(set_up: SetUp, findings: Iterable[Finding], *, verbose: bool) -> str:
    """Each Finding with its cure, and what was looked at."""
    lines: list[str] = []
    found = tuple(findings)
    for finding in found:
        lines.append(
            f"{finding.severity.value}[{finding.code}] {finding.source}: {finding.message}"
        )
        lines.append(f"  cure: {finding.remedy}")
        if verbose:
            lines += [f"  {detail}" for detail in finding.details]
    if any(finding.details for finding in found) and not verbose:
        lines.append("(--verbose shows the statements)")
    asked = [one.title for one in set_up.databases if one.problem is None]
    where = f"{len(set_up.files)} revision files, {', '.join(asked) or 'no database'}"
    lines.append(f"{len(found)} found wrong in {where}" if found else f"all is well: {where}")
    return "\n".join(lines)


def doctor_document(set_up: SetUp, findings: Iterable[Finding], *, ok: bool) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "ok": ok,
        "findings": [
            {
                "code": finding.code,
                "probe": finding.source,
                "severity": finding.severity.value,
                "message": finding.message,
                "remedy": finding.remedy,
                "file": finding.file,
                "relation": finding.relation,
                "details": list(finding.details),
            }
            for finding in findings
        ],
        "databases": [
            {
                "name": one.environment,
                "part": one.part,
                "asked": one.problem is None,
                "recorded": None if one.recorded is None else list(one.recorded),
                "exact": list(one.located.exact) if one.located else [],
            }
            for one in set_up.databases
        ],
    }
