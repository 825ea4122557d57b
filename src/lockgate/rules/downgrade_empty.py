"""A downgrade() does nothing, though the upgrade() does.

`alembic downgrade` then reports success and leaves the schema as it is; the next upgrade fails on
what is there already.

Write it; where there is none, say why: `irreversible = "the old codes are not kept"`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.revision_source import RevisionSource
from lockgate.core.rule import SOURCE, Family, Hazard

CODE = "LG074"
NAME = "downgrade-empty"
FAMILY = Family.WAY_BACK
SEVERITY = Severity.WARNING
ON = (SOURCE,)

BAD = ""
GOOD = ""
BAD_ALEMBIC = """\
import sqlalchemy as sa
from alembic import op

revision = "abc"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("note", sa.Text()))


def downgrade() -> None:
    pass
"""
GOOD_ALEMBIC = """\
op.execute("SELECT 1")
"""


def read(source: RevisionSource) -> Iterator[Hazard]:
    """A body that is only `pass` or a docstring."""
    downgrade = source.function("downgrade")
    if downgrade is None or source.irreversible is not None:
        return
    if source.is_empty("downgrade") and not source.is_empty("upgrade"):
        yield Hazard(
            f"leaves no way back from {source.revision}: its downgrade() does nothing",
            'write it, or say irreversible = "why" in the file',
            line=downgrade.lineno,
        )
