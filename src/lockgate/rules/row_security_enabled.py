"""Row security is switched on, and rows disappear from the application's sight.

From the commit on, everybody but the owner sees only the rows that a policy lets them see, and
none where there is no policy. Nothing fails: the answers are merely empty.

Create the policies first, and try them as the application's role.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short

CODE = "LG036"
NAME = "row-security-enabled"
FAMILY = Family.BREAKS
SEVERITY = Severity.INFO
ON = ("AT_EnableRowSecurity", "AT_ForceRowSecurity")

BAD = "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;"
GOOD = "CREATE POLICY own ON orders USING (owner = current_user);"
BAD_ALEMBIC = """\
op.execute("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
"""
GOOD_ALEMBIC = """\
op.execute("CREATE POLICY own ON orders USING (owner = current_user)")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Row security on a table that was there before and has no policy that is known."""
    if seen.exists(seen.table) and not seen.relation.policies:
        yield Hazard(
            f"hides every row of {short(seen.table)} from all but its owner, without a policy",
            "create the policies first, and try them as the application's role",
            seen.table,
        )
