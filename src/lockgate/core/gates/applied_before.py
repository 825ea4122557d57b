"""Every Environment that the settings require first has the Plan's Revisions."""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "applied-before"
ORDER = 80
WAIVABLE = True


def decide(plan: Plan, evidence: Evidence) -> Verdict:
    """Whether nothing of the Plan is missing anywhere it has to be first, or was edited since."""
    if not evidence.required:
        return Verdict(NAME, True, "the settings require no other environment first")
    if not plan.steps:
        return Verdict(NAME, True, "nothing to run")
    for applied in evidence.required:
        if applied.missing:
            reason = (
                f"{', '.join(applied.missing)} not applied on {applied.environment} "
                f"({applied.source}): run `lockgate upgrade --env {applied.environment}`"
            )
            return Verdict(NAME, False, reason)
        if applied.edited:
            reason = (
                f"{', '.join(applied.edited)} edited since {applied.environment} took it: "
                f"take {applied.environment} back and up again, or put the change into a new "
                "revision"
            )
            return Verdict(NAME, False, reason)
    count = "the revision is" if len(plan.steps) == 1 else f"all {len(plan.steps)} revisions are"
    listed = ", ".join(f"{a.environment} ({a.source})" for a in evidence.required)
    return Verdict(NAME, True, f"{count} applied on {listed}")
