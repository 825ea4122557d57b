"""A revision file was changed after it had run somewhere.

The databases that have it do not get the change, and those that come later get another schema.

Put the file back, and write the change as a new revision. With --env the Ledger of that database
says what ran there; without, lockgate.lock says where the required environments are, and of a file
that was only rehearsed this is a warning. Only what is linted is asked for; `lockgate doctor` looks
at all that ran.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.revision_source import RevisionSource
from lockgate.core.rule import SOURCE, Family, Hazard

CODE = "LG078"
NAME = "edited-after-applied"
FAMILY = Family.REVISION
SEVERITY = Severity.ERROR
ON = (SOURCE,)

BAD = ""
GOOD = ""
BAD_ALEMBIC = """\
op.execute("SELECT 2")  # edited since
"""
GOOD_ALEMBIC = """\
op.execute("SELECT 1")
"""


def read(source: RevisionSource) -> Iterator[Hazard]:
    """A file that is not as it ran, or as it was rehearsed."""
    if source.applied is not None:
        yield Hazard(
            f"was changed after it ran on {source.applied}",
            "put the file back, and write the change as a new revision",
            line=1,
        )
    elif source.edited:
        yield Hazard(
            "was changed after it was rehearsed",
            "run `lockgate rehearse`, or put the file back if a database has it already",
            severity=Severity.WARNING,
            line=1,
        )
