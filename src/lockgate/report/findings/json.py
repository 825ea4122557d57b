"""Statements with their Effects, and Findings, as CONTRACT's `lockgate/lint/1`.

Both are written as they come, so that a long file needs no memory for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any, Self

from lockgate.core.environment import PRIMARY
from lockgate.core.finding import Finding
from lockgate.core.linter import LintedStatement
from lockgate.report.effects import effects_document
from lockgate.report.finding import linted_document
from lockgate.report.findings import Shown
from lockgate.report.forecast import forecast_document

NAME = "json"


def render(answers: Iterable[LintedStatement | Finding], shown: Shown) -> Iterator[str]:
    """One JSON document, a line for each statement and Finding."""
    return document_pieces("lint", answers, shown.version)


def document_pieces(
    command: str, answers: Iterable[LintedStatement | Finding], version: int
) -> Iterator[str]:
    """The same for the command that asked; that of `explain` has forecasts."""
    # It begins with the first statement, so that an error before is the only document.
    head = f'{{"schema": "lockgate/{command}/1", "pg_version": {version},\n "statements": ['
    with Later() as findings:
        separator = head + _FIRST
        for answer in answers:
            if isinstance(answer, Finding):
                findings.keep(linted_document(answer))
                continue
            document = _statement(answer)
            if command == "explain":
                document |= _forecasts(answer)
            yield separator + json.dumps(document, ensure_ascii=False)
            separator = _NEXT
        yield (head if separator != _NEXT else "") + '],\n "findings": ['
        yield from findings.kept()
    yield "]}\n"


class Later:
    """Documents that come later than they are found, in a file where there are many."""

    def __init__(self) -> None:
        self.separator = _FIRST
        self.file = SpooledTemporaryFile(  # noqa: SIM115  # closed by __exit__
            _KEPT_CHARACTERS, "w+", encoding="utf-8", errors="backslashreplace"
        )

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forgets them."""
        self.file.close()

    def keep(self, document: dict[str, Any]) -> None:
        """One more."""
        self.file.write(self.separator + json.dumps(document, ensure_ascii=False))
        self.separator = _NEXT

    def kept(self) -> Iterator[str]:
        """Them as the members of a JSON array."""
        self.file.seek(0)
        while block := self.file.read(_BLOCK_CHARACTERS):
            yield block


_FIRST, _NEXT = "\n  ", ",\n  "
_KEPT_CHARACTERS = 4 * 1024 * 1024
_BLOCK_CHARACTERS = 64 * 1024


def _statement(found: LintedStatement) -> dict[str, Any]:
    return {
        "index": found.index,
        "sql": found.sql,
        "file": found.file,
        "line": found.line,
        "revision": found.revision,
    } | effects_document(found.effects)


def _forecasts(found: LintedStatement) -> dict[str, Any]:
    parts = {part: forecast_document(one) for part, one in found.forecasts.items() if part}
    return {"forecast": forecast_document(found.forecasts.get(PRIMARY)), "forecasts": parts}
