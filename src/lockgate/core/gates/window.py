"""The time is inside the window that the settings name for this Environment."""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "window"
ORDER = 120
WAIVABLE = True


def decide(_: Plan, evidence: Evidence) -> Verdict:
    """Whether the window is open, where there is one."""
    now = evidence.now.strftime("%a %H:%M %Z")
    if evidence.in_window is None:
        return Verdict(NAME, True, "the settings name no window")
    if evidence.in_window:
        return Verdict(NAME, True, f"{now} is inside {evidence.window}")
    return Verdict(NAME, False, f"{now} is outside {evidence.window}: wait for it")
