"""The commit is on the branch that the settings name for this Environment."""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "branch"
ORDER = 50
WAIVABLE = True


def decide(plan: Plan, evidence: Evidence) -> Verdict:
    """Whether HEAD is on the branch, where one is named."""
    if evidence.on_branch is None:
        return Verdict(NAME, True, "the settings name no branch")
    if evidence.on_branch:
        return Verdict(NAME, True, f"{evidence.here}, as the settings ask")
    reason = (
        f"{plan.environment} is deployed from branch {evidence.branch}, and here is "
        f"{evidence.here}: merge first, then plan there"
    )
    return Verdict(NAME, False, reason)
