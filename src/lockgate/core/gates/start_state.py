"""The database has the structure that its recorded Revision has in rehearsal.

Otherwise somebody changed it by hand, or the version table lies; what the Plan does there was
never tried.
"""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "start-state"
ORDER = 90
WAIVABLE = True


def decide(plan: Plan, evidence: Evidence) -> Verdict:
    """Whether the start Fingerprint is the lock file's."""
    at = ", ".join(plan.from_heads) or "base"
    if evidence.unfinished in {step.revision for step in plan.steps}:
        # What is between two structures has no Fingerprint; the one at the end is proved.
        reason = (
            f"an earlier run stopped part-way in {evidence.unfinished}; this goes on from there"
        )
        return Verdict(NAME, True, reason)
    expected = evidence.expected_fingerprint
    if expected is None:
        reason = (
            f"the structure of {at} on PostgreSQL {plan.server_major} is not known: "
            f"run `lockgate rehearse --all --postgres {plan.server_major}`"
        )
        return Verdict(NAME, False, reason)
    if expected != plan.from_fingerprint:
        reason = (
            f"the structure is not the one that {at} has in rehearsal: "
            f"look with `lockgate status {plan.environment}`, then undo the difference or put it "
            "into a revision"
        )
        return Verdict(NAME, False, reason)
    return Verdict(NAME, True, f"{plan.environment} is at {at}, with the structure of {at}")
