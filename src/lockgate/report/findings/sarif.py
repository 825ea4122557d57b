"""Findings as SARIF 2.1.0, for GitHub's code scanning and editors."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import LintedStatement
from lockgate.core.rule import RuleEntry
from lockgate.report.findings import Shown, fingerprint

NAME = "sarif"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(answers: Iterable[LintedStatement | Finding], shown: Shown) -> Iterator[str]:
    """One SARIF document with one run, a line for each result."""
    places = {rule.code: number for number, rule in enumerate(shown.rules)}
    driver = {
        "name": "lockgate",
        "version": shown.lockgate,
        "rules": [_rule(rule) for rule in shown.rules],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": []}
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    head, tail = json.dumps(document, indent=1, ensure_ascii=False).rsplit("[]", 1)
    seen: Counter[bytes] = Counter()
    separator = f"{head}[\n    "
    for answer in answers:
        if isinstance(answer, Finding):
            result = _result(answer, places, seen)
            yield separator + json.dumps(result, ensure_ascii=False)
            separator = ",\n    "
    yield (f"{head}[" if separator.startswith(head) else "") + f"]{tail}\n"


def _rule(rule: RuleEntry) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, places: dict[str, int], seen: Counter[bytes]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}: {finding.remedy}"},
        "partialFingerprints": {"lockgate/1": fingerprint(finding, seen)},
    }
    if finding.file:
        region: dict[str, Any] = {"startLine": finding.line or 1}
        if finding.column is not None:
            region["startColumn"] = finding.column
        path = PurePath(finding.file).as_posix()
        place = {"uri": quote(path, errors="surrogateescape")}
        result["locations"] = [{"physicalLocation": {"artifactLocation": place, "region": region}}]
    if finding.code in places:
        result["ruleIndex"] = places[finding.code]
    return result
