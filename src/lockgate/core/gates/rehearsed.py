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
    if not plan.steps:
        return Verdict(NAME, True, "nothing to run")
    major = plan.server_major
    if plan.scratch_major != major:
        reason = (
            f"{plan.environment} is PostgreSQL {major}, and the plan could only be tried on "
            f"{plan.scratch}: install PostgreSQL {major} here, or name a server with scratch.url"
        )
        return Verdict(NAME, False, reason)
    for step in plan.steps:
        rehearsal = evidence.rehearsals.get(step.revision)
        if rehearsal is None:
            reason = (
                f"{step.revision} was never rehearsed on PostgreSQL {major}: "
                f"run `lockgate rehearse --postgres {major}`"
            )
            return Verdict(NAME, False, reason)
        if rehearsal.up != "ok":
            reason = f"the upgrade of {step.revision} {rehearsal.up} in its rehearsal: mend it"
            return Verdict(NAME, False, reason)
    count = "the revision" if len(plan.steps) == 1 else f"all {len(plan.steps)} revisions"
    return Verdict(NAME, True, f"{count} went up on PostgreSQL {major}, and again for this plan")
