"""Statements with their Effects, and Findings, as CONTRACT's `lockgate/lint/1`.

The statements are written as they come, so that a long file needs no memory for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from lockgate.core.finding import Finding
from lockgate.core.linter import LintedStatement
from lockgate.report.effects import effects_document
from lockgate.report.findings import Shown

NAME = "json"


def render(answers: Iterable[LintedStatement | Finding], shown: Shown) -> Iterator[str]:
    """One JSON document, a line for each statement and Finding."""
    findings: list[Finding] = []
    yield f'{{"schema": "lockgate/lint/1", "pg_version": {shown.version},\n "statements": ['
    separator = "\n  "
    for answer in answers:
        if isinstance(answer, Finding):
            findings.append(answer)
            continue
        yield separator + json.dumps(_statement(answer), ensure_ascii=False)
        separator = ",\n  "
    yield '],\n "findings": ['
    separator = "\n  "
    for finding in findings:
        yield separator + json.dumps(finding_document(finding), ensure_ascii=False)
        separator = ",\n  "
    yield "]}\n"


def _statement(found: LintedStatement) -> dict[str, Any]:
    return {
        "index": found.index,
        "sql": found.sql,
        "file": found.file,
        "line": found.line,
        "revision": found.revision,
    } | effects_document(found.effects)


def finding_document(finding: Finding) -> dict[str, Any]:
    """One Finding as CONTRACT has it, with its column."""
    return {
        "code": finding.code,
        "rule": finding.source,
        "severity": finding.severity.value,
        "statement": finding.statement,
        "relation": finding.relation,
        "message": finding.message,
        "remedy": finding.remedy,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
    }
