"""Findings as a report of GitLab's code quality.

Fingerprints rest on the rule, the file and the words, and count what is alike, so that a Finding
keeps its own when lines are added above it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import PurePath

from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import LintedStatement
from lockgate.report.findings import Shown

NAME = "gitlab"
_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(answers: Iterable[LintedStatement | Finding], shown: Shown) -> Iterator[str]:
    """A JSON array of issues."""
    seen: Counter[tuple[str, ...]] = Counter()
    yield "["
    separator = "\n"
    for finding in answers:
        if not isinstance(finding, Finding):
            continue
        path = PurePath(finding.file or "").as_posix()
        said = (finding.code, path, finding.message)
        seen[said] += 1
        issue = {
            "description": f"{finding.message}: {finding.remedy}",
            "check_name": f"{finding.code} {finding.source}",
            "fingerprint": sha256("\0".join((*said, str(seen[said]))).encode()).hexdigest(),
            "severity": _SEVERITIES[finding.severity],
            "location": {"path": path, "lines": {"begin": finding.line or 1}},
        }
        yield separator + json.dumps(issue, ensure_ascii=False)
        separator = ",\n"
    yield "]\n"
