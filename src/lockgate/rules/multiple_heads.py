"""There are several heads.

"Upgrade to head" then means nothing, and two deploys can bring two databases to different
schemas. Heads of branches that have a label each, such as `expand` and `contract`, are meant to
stay apart and no finding.

Run `lockgate merge heads -m MESSAGE`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.revision_source import RevisionSource
from lockgate.core.rule import SOURCE, Family, Hazard, listed

CODE = "LG077"
NAME = "multiple-heads"
FAMILY = Family.REVISION
SEVERITY = Severity.ERROR
ON = (SOURCE,)

BAD = ""
GOOD = ""
BAD_ALEMBIC = """\
op.execute("SELECT 1")  # one of multiple heads
"""
GOOD_ALEMBIC = """\
op.execute("SELECT 1")
"""


def read(source: RevisionSource) -> Iterator[Hazard]:
    """A file that is one of several heads."""
    if len(source.heads) > 1 and source.revision in source.heads:
        others = listed(head for head in source.heads if head != source.revision)
        yield Hazard(
            f"is a head beside {others}",
            "run `lockgate merge heads -m MESSAGE`",
            line=1,
        )
