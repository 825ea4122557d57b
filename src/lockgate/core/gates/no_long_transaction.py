"""No transaction is open for so long that a strong lock would have to wait behind it.

Everyone who comes after the waiting lock would stand behind it too.
"""

from __future__ import annotations

from lockgate.core.duration import format_duration
from lockgate.core.gates import Evidence
from lockgate.core.plan import Plan, Verdict

NAME = "no-long-transaction"
ORDER = 110
WAIVABLE = True


def decide(_: Plan, evidence: Evidence) -> Verdict:
    """Whether every open transaction is younger than the settings' bound."""
    bound = format_duration(evidence.oldest_transaction_ms)
    if not evidence.blockers:
        return Verdict(NAME, True, f"no transaction is older than {bound}")
    reason = f"open for more than {bound}: {'; '.join(evidence.blockers[:3])}; let them end first"
    return Verdict(NAME, False, reason)
