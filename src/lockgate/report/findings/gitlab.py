"""Findings as a report of GitLab's code quality."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import LintedStatement
from lockgate.report.findings import Shown, fingerprint

NAME = "gitlab"
_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(answers: Iterable[LintedStatement | Finding], shown: Shown) -> Iterator[str]:
    """A JSON array of issues."""
    seen: Counter[bytes] = Counter()
    separator = "[\n"
    for finding in answers:
        if not isinstance(finding, Finding):
            continue
        issue = {
            "description": f"{finding.message}: {finding.remedy}",
            "check_name": f"{finding.code} {finding.source}",
            "fingerprint": fingerprint(finding, seen),
            "severity": _SEVERITIES[finding.severity],
            "location": {
                "path": PurePath(finding.file or "").as_posix(),
                "lines": {"begin": finding.line or 1},
            },
        }
        yield separator + json.dumps(issue, ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "]\n"
