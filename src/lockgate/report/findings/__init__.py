"""Ways to show what lint found, one file each, found by their shape.

A format is a module here, or one that an installed package names in the entry point group
`lockgate.formats`, with the shape of `FindingsFormat`. Each writes piece by piece as lint goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import PurePath
from pkgutil import iter_modules
from typing import Protocol, cast

from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import LintedStatement
from lockgate.core.rule import RuleEntry
from lockgate.report.columns import pointed


@dataclass(frozen=True, slots=True)
class Shown:
    """What all formats are told: PostgreSQL's major, the rules asked, and the terminal."""

    version: int
    rules: tuple[RuleEntry, ...]
    lockgate: str
    width: int = 80
    colour: bool = False
    verbose: bool = False


class FindingsFormat(Protocol):
    """The shape of a module in this folder."""

    NAME: str
    """As `--format` names it."""

    def render(self, answers: Iterable[LintedStatement | Finding], shown: Shown) -> Iterator[str]:
        """Pieces of the whole output, in order, the last with its line break."""
        ...


def formats() -> dict[str, FindingsFormat]:
    """Every format by its name."""
    found = [
        *(import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)),
        *(entry_point.load() for entry_point in entry_points(group="lockgate.formats")),
    ]
    return {module.NAME: cast(FindingsFormat, module) for module in found}


def place(finding: Finding) -> str:
    """`orders.sql:12:3`, as far as it is known."""
    parts = [finding.file or "", finding.line, finding.column if finding.line else None]
    return ":".join(str(part) for part in parts if part is not None and part != "")


def place_lines(statement: LintedStatement, line: int, column: int, room: int) -> tuple[str, str]:
    """The line of a statement that a place of its file is in, and a caret below the place."""
    sql = statement.sql
    if line == statement.line:
        # The statement's own first line begins where it begins in the file.
        return pointed(sql, min(max(column - statement.column, 0), len(sql)), room)
    lines = sql.split("\n")[: max(line - statement.line, 0)]
    return pointed(sql, min(sum(len(one) + 1 for one in lines) + column - 1, len(sql)), room)


def fingerprint(finding: Finding, seen: Counter[bytes]) -> str:
    """What tells a Finding from others and stays when lines are added above it.

    It rests on the rule, the file and the words, and counts in `seen` what is alike.
    """
    said = (finding.code, PurePath(finding.file or "").as_posix(), finding.message)
    digest = sha256("\0".join(said).encode(errors="surrogateescape"))
    seen[digest.digest()] += 1
    digest.update(f"\0{seen[digest.digest()]}".encode())
    return digest.hexdigest()


def count(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many there are of each Severity."""
    counted = dict.fromkeys(Severity, 0)
    for finding in findings:
        counted[finding.severity] += 1
    return counted


def counted_words(counted: dict[Severity, int]) -> str:
    """`1 error, 2 warnings`; `nothing found` where there is nothing."""
    words = [
        f"{number} {severity.value}{'' if number == 1 or severity is Severity.INFO else 's'}"
        for severity, number in counted.items()
        if number
    ]
    return ", ".join(words) or "nothing found"
