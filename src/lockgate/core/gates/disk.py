"""The disk has room for what the plan writes, as far as anybody knows how large it is.

How large it is the settings say, for PostgreSQL does not.
"""

from __future__ import annotations

from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict
from lockgate.core.size import format_bytes

NAME = "disk"
ORDER = 115
WAIVABLE = True


def decide(plan: Plan, _: Evidence) -> Verdict:
    """Whether what all Steps need together, by their forecasts, is less than what is free."""
    forecasts = [s.forecast for step in plan.steps for s in step.statements if s.forecast]
    if not plan.steps:
        return Verdict(NAME, True, "nothing to run")
    if not forecasts:
        return Verdict(NAME, True, "there is no forecast of what it needs")
    needed = sum(forecast.needed_bytes for forecast in forecasts)
    # Of several databases the tightest counts: they may well share a volume.
    known = [f.free_disk_bytes for f in forecasts if f.free_disk_bytes is not None]
    free = min(known) if known else None
    if not needed:
        return Verdict(NAME, True, "it writes next to nothing")
    if free is None:
        reason = (
            f"it needs up to {format_bytes(needed)}, and how much is free is not known: "
            "PostgreSQL does not tell, so give disk in the settings"
        )
        return Verdict(NAME, True, reason)
    words = f"it needs up to {format_bytes(needed)} of the {format_bytes(free)} that are free"
    if needed < free:
        return Verdict(NAME, True, words)
    reason = f"it needs up to {format_bytes(needed)}, and only {format_bytes(free)} are free"
    return Verdict(NAME, False, f"{reason}: make room, or run its revisions one by one")
