"""A domain gets a constraint, and every table that uses it is read while writes wait.

ALTER DOMAIN ... ADD CONSTRAINT and SET NOT NULL hold SHARE locks on all tables with a column of
the domain until each is read, and fail on the first value that does not fit.

Add the constraint NOT VALID and validate it in a later transaction. VALIDATE blocks writes too
(the lock is the same), so for large tables use a CHECK on the table instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.reading import read_type
from lockgate.core.effects.trees import body, words
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, blocked

CODE = "LG015"
NAME = "domain-scans-tables"
FAMILY = Family.BLOCKS
SEVERITY = Severity.ERROR
ON = ("AlterDomainStmt",)

BAD = """\
ALTER DOMAIN percent ADD CONSTRAINT percent_range CHECK (VALUE BETWEEN 0 AND 100);
"""
GOOD = """\
ALTER DOMAIN percent ADD CONSTRAINT percent_range CHECK (VALUE BETWEEN 0 AND 100) NOT VALID;
"""
BAD_ALEMBIC = """\
op.execute(
    "ALTER DOMAIN percent ADD CONSTRAINT percent_range CHECK (VALUE BETWEEN 0 AND 100)"
)
"""
GOOD_ALEMBIC = """\
op.execute(
    "ALTER DOMAIN percent ADD CONSTRAINT percent_range"
    " CHECK (VALUE BETWEEN 0 AND 100) NOT VALID"
)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A constraint that is proved at once; tables that use the domain may not be known."""
    tree = seen.tree
    domain = (words(tree.get("typeName")) or ("",))[-1]
    effects = list(seen.blocking_work())
    remedy = "add it NOT VALID, or put a CHECK on the table and validate that"
    if tree.get("subtype") in ("V", "AD_ValidateConstraint"):
        remedy = "validate a CHECK of the table instead, which blocks nobody, or do it in a window"
    elif "def" not in tree:
        remedy = "put CHECK (... IS NOT NULL) NOT VALID on the table, and validate that"
    for effect in effects:
        yield Hazard(
            f"{blocked(effect)} while every row is checked against {domain}",
            remedy,
            effect.relation,
            sized=True,
        )
    constraint = body(tree.get("def"), "Constraint")
    proves = tree.get("subtype") in ("O", "AD_SetNotNull", "V", "AD_ValidateConstraint") or (
        bool(constraint) and not constraint.get("skip_validation")
    )
    if (
        proves
        and not effects
        and not seen.unit.complete
        and seen.structure.domain(read_type({"names": tree.get("typeName", [])})) is None
    ):
        yield Hazard(
            f"blocks writes on every table that uses {domain} while its rows are checked",
            remedy,
        )
