"""Nobody else is deploying to this database now."""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "one-deployer"
ORDER = 100
WAIVABLE = False


def decide(_: Plan, evidence: Evidence) -> Verdict:
    """Whether the deploy lock is free."""
    if evidence.deployer is None:
        return Verdict(NAME, True, "nobody else is deploying")
    return Verdict(NAME, False, f"{evidence.deployer} is deploying: wait until it ends")
