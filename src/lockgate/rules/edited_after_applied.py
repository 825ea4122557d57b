"""A revision file was changed after it had run somewhere.

The databases that have it do not get the change, and those that come later get another schema.

Put the file back, and write the change as a new revision.
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
    """A file that is not as it ran."""
    if source.applied is not None:
        yield Hazard(
            f"was changed after it {source.applied}",
            "put the file back, and write the change as a new revision",
            line=1,
        )
