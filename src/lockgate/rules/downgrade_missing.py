"""A revision has no downgrade().

There is no way back from it, and `lockgate rehearse` cannot prove one.

Write it; where there is none, say why: `irreversible = "the old codes are not kept"`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.revision_source import RevisionSource
from lockgate.core.rule import SOURCE, Family, Hazard

CODE = "LG073"
NAME = "downgrade-missing"
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
"""
GOOD_ALEMBIC = """\
op.execute("SELECT 1")
"""


def read(source: RevisionSource) -> Iterator[Hazard]:
    """A file without the function and without a reason."""
    if source.function("downgrade") is None and source.irreversible is None:
        upgrade = source.function("upgrade")
        yield Hazard(
            f"leaves no way back from {source.revision}: there is no downgrade()",
            'write it, or say irreversible = "why" in the file',
            line=upgrade.lineno if upgrade is not None else 1,
        )
