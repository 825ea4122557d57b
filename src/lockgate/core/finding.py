"""A Finding: what a rule or a probe reports, with the place and one remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lockgate.errors import ExitStatus


class Severity(StrEnum):
    """Whether a Finding is a bad answer, a doubt, or only said."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule or a probe, named by `source`, reports. `remedy` begins with a verb.

    `statement` is the index of the Statement it is about, `relation` what that Statement hurts;
    `line` and `column` count from 1. None where a Finding is about no such thing. `exit_status`
    is how a command ends that finds nothing worse. `details` are lines to show below it, such
    as the statements of a cure.
    """

    code: str
    source: str
    message: str
    remedy: str
    severity: Severity = Severity.ERROR
    exit_status: ExitStatus = ExitStatus.NO
    statement: int | None = None
    relation: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    details: tuple[str, ...] = ()
