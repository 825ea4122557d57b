"""The revision files have one head, so that "upgrade to head" means one thing."""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "one-head"
ORDER = 20
WAIVABLE = True


def decide(_: Plan, evidence: Evidence) -> Verdict:
    """Whether there is exactly one head."""
    heads = evidence.repository_heads
    if len(heads) == 1:
        return Verdict(NAME, True, f"the only head is {heads[0]}")
    listed = ", ".join(heads) or "none"
    reason = f"there are {len(heads)} heads ({listed}): run `lockgate merge heads -m MESSAGE`"
    return Verdict(NAME, False, reason)
