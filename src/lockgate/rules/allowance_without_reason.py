"""A suppression gives no reason.

A reviewer cannot tell whether it still holds, so it suppresses nothing.

Write `lockgate: allow LG001 because the table is empty`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.allowance import Allowance
from lockgate.core.finding import Severity
from lockgate.core.rule import ALLOWANCE, Family, Hazard

CODE = "LG080"
NAME = "allowance-without-reason"
FAMILY = Family.REVISION
SEVERITY = Severity.WARNING
ON = (ALLOWANCE,)

BAD = """\
-- lockgate: allow LG001
CREATE INDEX ix ON orders (placed);
"""
GOOD = """\
-- lockgate: allow LG001 because nothing writes to orders at night
CREATE INDEX ix ON orders (placed);
"""
BAD_ALEMBIC = """\
# lockgate: allow LG001
op.create_index("ix", "orders", ["placed"])
"""
GOOD_ALEMBIC = """\
# lockgate: allow LG001 because nothing writes to orders at night
op.create_index("ix", "orders", ["placed"])
"""


def allowance(allowance: Allowance) -> Iterator[Hazard]:
    """One without `because` and words after it, or without a code."""
    if not allowance.reason or not allowance.codes:
        yield Hazard(
            "suppresses nothing, for it gives no reason",
            "write `lockgate: allow LG001 because ...`",
        )
