"""What is wrong with a set-up and its cures, for people and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any, TypedDict

from lockgate.core.finding import Finding
from lockgate.core.probes import SetUp
from lockgate.report.finding import finding_document


class _Wrapping(TypedDict):
    break_long_words: bool
    break_on_hyphens: bool


WHOLE_WORDS: _Wrapping = {"break_long_words": False, "break_on_hyphens": False}
"""A command in the text can be copied word for word."""


def doctor_text(set_up: SetUp, findings: Iterable[Finding], *, verbose: bool, width: int) -> str:
    """Each Finding with its cure, and what was looked at; prose in lines of at most `width`."""
    lines: list[str] = []
    found = tuple(findings)
    for finding in found:
        said = f"{finding.severity.value}[{finding.code}] {finding.source}: {finding.message}"
        lines += textwrap.wrap(said, width, subsequent_indent="  ", **WHOLE_WORDS)
        cure = f"cure: {finding.remedy}"
        lines += textwrap.wrap(
            cure, width, initial_indent="  ", subsequent_indent="    ", **WHOLE_WORDS
        )
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
            finding_document(finding, "probe")
            | {
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
