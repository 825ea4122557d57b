"""What all that CI asks came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockgate.core.finding import Finding, Severity

if TYPE_CHECKING:  # not needed where nothing was rehearsed or compared
    from lockgate.core.catalog import Change
    from lockgate.core.rehearsal import Rehearsal


@dataclass(frozen=True, slots=True)
class Checked:
    """What `lockgate check` found.

    `server` is the scratch server's version, its major alone where no server was asked.
    `rehearsal` holds the revisions that the lock file had not, or all of them where asked for.
    `models_match` is None where there are several heads or `env.py` names no models.
    `models_missed` are those of `models_changes` that autogenerate does not see, None where it
    could not be asked.
    """

    server: str
    findings: tuple[Finding, ...]
    rehearsal: Rehearsal | None
    models_match: bool | None
    models_changes: tuple[Change, ...]
    models_missed: tuple[Change, ...] | None

    @property
    def ok(self) -> bool:
        """Whether nothing is an error."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)
