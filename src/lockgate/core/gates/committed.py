"""What would run is committed, so that anybody can find out later what ran."""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "committed"
ORDER = 40
WAIVABLE = True


def decide(_: Plan, evidence: Evidence) -> Verdict:
    """Whether the work tree is clean."""
    if evidence.commit is None:
        reason = "git names no commit here: deploy from a repository with the revisions committed"
        return Verdict(NAME, False, reason)
    if evidence.dirty:
        listed = ", ".join(evidence.dirty[:3])
        more = len(evidence.dirty) - 3
        rest = f" and {more} more" if more > 0 else ""
        return Verdict(NAME, False, f"not committed: {listed}{rest}; commit or stash them")
    return Verdict(NAME, True, f"the work tree is clean at {evidence.commit[:12]}")
