"""Findings as workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import LintedStatement
from lockgate.report.columns import visible
from lockgate.report.findings import Shown, counted_words

NAME = "github"
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(answers: Iterable[LintedStatement | Finding], shown: Shown) -> Iterator[str]:
    """A command for each Finding, and the sum."""
    counted = dict.fromkeys(Severity, 0)
    for finding in answers:
        if not isinstance(finding, Finding):
            continue
        counted[finding.severity] += 1
        file = PurePath(finding.file).as_posix() if finding.file else None
        places = {"file": file, "line": finding.line, "col": finding.column}
        places["title"] = f"{finding.code} {finding.source}"
        listed = ",".join(f"{k}={_property(str(v))}" for k, v in places.items() if v is not None)
        words = _escaped(f"{visible(finding.message)}\n{visible(finding.remedy)}")
        yield f"::{_COMMANDS[finding.severity]} {listed}::{words}\n"
    yield f"{counted_words(counted)} (PostgreSQL {shown.version})\n"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
