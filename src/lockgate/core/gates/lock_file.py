"""The revision files are as the lock file has them: none edited, none new, none gone.

An edited revision may be applied elsewhere in its old form; the lock file is what tells.
"""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "lock-file"
ORDER = 30
WAIVABLE = True


def decide(_: Plan, evidence: Evidence) -> Verdict:
    """Whether nothing differs."""
    if not evidence.lock_differences:
        return Verdict(NAME, True, "every revision file is as lockgate.lock has it")
    listed = ", ".join(f"{d.revision} {d.drift.value}" for d in evidence.lock_differences[:5])
    more = len(evidence.lock_differences) - 5
    rest = f" and {more} more" if more > 0 else ""
    reason = f"{listed}{rest}: run `lockgate rehearse` and commit lockgate.lock"
    return Verdict(NAME, False, reason)
