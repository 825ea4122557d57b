"""The database is the one that the Plan names.

Every connection refuses another database before this is asked; here the mark of the Plan, which
may be days old, is held against the mark of today.
"""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "identity"
ORDER = 10
WAIVABLE = False


def decide(plan: Plan, evidence: Evidence) -> Verdict:
    """Whether the mark's uuid is the Plan's."""
    if plan.uuid == evidence.mark:
        return Verdict(NAME, True, f"the database is {plan.environment}, mark {plan.uuid}")
    reason = f"the plan is for mark {plan.uuid}, the database carries {evidence.mark}: plan again"
    return Verdict(NAME, False, reason)
