"""Every Environment that the settings require first has the Plan's Revisions."""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "applied-before"
ORDER = 80
WAIVABLE = True


def decide(plan: Plan, evidence: Evidence) -> Verdict:
    """Whether nothing of the Plan is missing anywhere it has to be first."""
    if not evidence.required:
        return Verdict(NAME, True, "the settings require no other environment first")
    for applied in evidence.required:
        if applied.missing:
            reason = (
                f"{', '.join(applied.missing)} not applied on {applied.environment} "
                f"({applied.source}): run `lockgate upgrade --env {applied.environment}`"
            )
            return Verdict(NAME, False, reason)
    listed = ", ".join(f"{a.environment} ({a.source})" for a in evidence.required)
    return Verdict(NAME, True, f"{len(plan.steps)} of {len(plan.steps)} applied on {listed}")
