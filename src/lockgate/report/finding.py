"""A Finding as JSON, where a command does not show it in a format of its own."""

from __future__ import annotations

from typing import Any

from lockgate.core.finding import Finding


def finding_document(finding: Finding, source: str) -> dict[str, Any]:
    """What every command tells of a Finding; `source` is the key of what found it."""
    return {
        "code": finding.code,
        source: finding.source,
        "severity": finding.severity.value,
        "message": finding.message,
        "remedy": finding.remedy,
    }


def linted_document(finding: Finding) -> dict[str, Any]:
    """What a rule says, with the statement and the place that it is about."""
    return finding_document(finding, "rule") | {
        "statement": finding.statement,
        "relation": finding.relation,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
    }
