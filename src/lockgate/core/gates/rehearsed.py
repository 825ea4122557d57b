"""Every Revision of the Plan was rehearsed on the target's major, in its present form."""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "rehearsed"
ORDER = 60
WAIVABLE = True


def decide(plan: Plan, evidence: Evidence) -> Verdict:
    """Whether each Step went up in a rehearsal, and again on scratch for this Plan."""
    if evidence.scratch_error is not None:
        return Verdict(NAME, False, f"the plan fails on scratch: {evidence.scratch_error}")
    for step in plan.steps:
        rehearsal = evidence.rehearsals.get(step.revision)
        if rehearsal is None:
            reason = (
                f"{step.revision} was never rehearsed on PostgreSQL {plan.server_major}: "
                f"run `lockgate rehearse --postgres {plan.server_major}`"
            )
            return Verdict(NAME, False, reason)
        if rehearsal.up != "ok":
            reason = f"the upgrade of {step.revision} {rehearsal.up} in its rehearsal: mend it"
            return Verdict(NAME, False, reason)
    count = len(plan.steps)
    reason = (
        f"{count} of {count} went up on PostgreSQL {plan.server_major}, and again for this plan"
    )
    return Verdict(NAME, True, reason)
