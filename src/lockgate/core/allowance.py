"""Suppressions beside the code: `lockgate: allow LG001 because the table is empty`."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "lockgate: allow"


@dataclass(slots=True)
class Allowance:
    """One suppression: the codes, the reason, and the lines that it holds for.

    `used` are the codes that a Finding was suppressed by so far.
    """

    codes: tuple[str, ...]
    reason: str
    line: int
    first: int
    last: int
    used: set[str]

    def covers(self, code: str, line: int | None) -> bool:
        """Whether a Finding of that code and line is allowed; without a reason nothing is."""
        if line is None or not self.reason or code not in self.codes:
            return False
        return self.first <= line <= self.last


def read_allowance(comment: str, line: int) -> Allowance | None:
    """The suppression that a comment is, for its own line only; None where it is none."""
    if not comment.startswith(PREFIX):
        return None
    named, because, reason = comment.removeprefix(PREFIX).partition("because")
    codes = tuple(named.replace(",", " ").split())
    return Allowance(codes, reason.strip() if because else "", line, line, line, set())
