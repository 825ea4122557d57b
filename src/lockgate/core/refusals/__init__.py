"""What PostgreSQL refuses of a statement because of what there is, whatever the rows are.

Only what is sure is said: of things that are known by a Catalog, a schema's text, or statements
that were read, and not of what code nobody read may have changed meanwhile.
"""

from __future__ import annotations

from lockgate.core.effects.structure import Structure
from lockgate.core.parsed import ParsedStatement
from lockgate.core.refusals.checks import CHECKS
from lockgate.core.refusals.following import follow
from lockgate.core.refusals.refusal import Refusal, Why

__all__ = ["Refusal", "Why", "follow", "refusals"]


def refusals(parsed: ParsedStatement, structure: Structure, version: int) -> tuple[Refusal, ...]:
    """Why PostgreSQL of major `version` refuses a statement where `structure` is; empty if not."""
    checks = CHECKS.get(parsed.kind)
    if checks is None:
        return ()
    holds = structure.certainty.holds
    found: dict[str, Refusal] = {}
    for check in checks:
        for refusal in check(structure, parsed.tree, version):
            if holds(*refusal.names):
                found.setdefault(refusal.message, refusal)
    return tuple(found.values())
