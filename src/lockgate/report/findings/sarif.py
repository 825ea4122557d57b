"""Findings as SARIF 2.1.0, for GitHub's code scanning and editors."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import LintedStatement
from lockgate.core.rule import RuleEntry
from lockgate.report.findings import Shown

NAME = "sarif"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(answers: Iterable[LintedStatement | Finding], shown: Shown) -> Iterator[str]:
    """One SARIF document with one run."""
    places = {rule.code: number for number, rule in enumerate(shown.rules)}
    seen: Counter[tuple[str, ...]] = Counter()
    results = [_result(answer, places, seen) for answer in answers if isinstance(answer, Finding)]
    driver = {
        "name": "lockgate",
        "version": shown.lockgate,
        "rules": [_rule(rule) for rule in shown.rules],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    yield json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _rule(rule: RuleEntry) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(
    finding: Finding, places: dict[str, int], seen: Counter[tuple[str, ...]]
) -> dict[str, Any]:
    path = PurePath(finding.file or "").as_posix()
    place = {"uri": quote(path)}
    said = (finding.code, path, finding.message)
    seen[said] += 1
    region: dict[str, Any] = {"startLine": finding.line or 1}
    if finding.column is not None:
        region["startColumn"] = finding.column
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}: {finding.remedy}"},
        "locations": [{"physicalLocation": {"artifactLocation": place, "region": region}}],
        "partialFingerprints": {
            "lockgate/1": sha256("\0".join((*said, str(seen[said]))).encode()).hexdigest()
        },
    }
    if finding.code in places:
        result["ruleIndex"] = places[finding.code]
    return result
