"""A suppression suppresses nothing.

What it was written for is gone, or stands elsewhere; left where it is, it would hide the next
one.

Take it out, or put it on the line before the statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.allowance import Allowance
from lockgate.core.finding import Severity
from lockgate.core.rule import ALLOWANCE, Family, Hazard, listed

CODE = "LG081"
NAME = "allowance-unused"
FAMILY = Family.REVISION
SEVERITY = Severity.WARNING
ON = (ALLOWANCE,)

BAD = """\
-- lockgate: allow LG001 because it is small
SELECT 1;
"""
GOOD = "SELECT 1;"
BAD_ALEMBIC = """\
# lockgate: allow LG001 because it is small
op.execute("SELECT 1")
"""
GOOD_ALEMBIC = """\
op.execute("SELECT 1")
"""


def allowance(allowance: Allowance) -> Iterator[Hazard]:
    """The codes that no Finding had."""
    unused = [code for code in allowance.codes if code not in allowance.used]
    if allowance.reason and unused:
        yield Hazard(
            f"suppresses nothing: there is no {listed(unused)} here",
            "take it out, or put it on the line before the statement",
        )
