"""Every Revision of the Plan has a downgrade that was seen to restore the structure.

A Revision that says `irreversible = "why"` has none on purpose. That is said here, and does not
refuse: the reason stands in the file, where review has seen it.
"""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "way-back"
ORDER = 70
WAIVABLE = True


def decide(plan: Plan, evidence: Evidence) -> Verdict:
    """Whether each downgrade restores, or is missing on purpose."""
    if not plan.steps:
        return Verdict(NAME, True, "nothing to run")
    on_purpose = []
    for step in plan.steps:
        rehearsal = evidence.rehearsals.get(step.revision)
        if step.irreversible is not None:
            on_purpose.append(f"{step.revision} is irreversible ({step.irreversible})")
        elif rehearsal is None:
            reason = f"the downgrade of {step.revision} was never tried: run `lockgate rehearse`"
            return Verdict(NAME, False, reason)
        elif rehearsal.down != "ok" or not rehearsal.restores:
            what = "does not restore" if rehearsal.down == "ok" else _WORDS[rehearsal.down]
            reason = (
                f"the downgrade of {step.revision} {what}: mend it, "
                'or say irreversible = "why" in the file'
            )
            return Verdict(NAME, False, reason)
    if on_purpose:
        return Verdict(NAME, True, f"no way back, on purpose: {'; '.join(on_purpose)}")
    return Verdict(NAME, True, "every downgrade restored the structure in its rehearsal")


_WORDS = {"failed": "fails", "missing": "is missing", "irreversible": "is missing on purpose"}
