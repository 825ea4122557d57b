"""No transaction is open for so long that a strong lock would have to wait behind it.

Everyone who comes after the waiting lock would stand behind it too. A transaction that cannot be
seen counts as a long one.
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
    if evidence.blockers:
        listed = "; ".join(evidence.blockers[:3])
        reason = f"open for more than {bound}: {listed}; let them end first"
        return Verdict(NAME, False, reason)
    if evidence.unseen:
        reason = (
            f"the login may not see the transactions of {', '.join(evidence.unseen)}: "
            "grant it the role pg_read_all_stats"
        )
        return Verdict(NAME, False, reason)
    return Verdict(NAME, True, f"no transaction is older than {bound}")
