"""Effects as a person reads them at a glance, and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from lockgate.core.ddl.text import split_name
from lockgate.core.effect import Effect, Evidence, StatementEffects, Toast, Transactional
from lockgate.report.colour import DIM, RED, YELLOW, painted
from lockgate.report.columns import visible

WORDS = {
    ("reads", "writes"): "blocks reads and writes",
    ("writes",): "blocks writes",
    (): "blocks neither",
}
MOST_SHOWN = 16
WIDTH = 74
"""Columns that are left of 80 where these lines stand below a statement."""


def effects_document(found: StatementEffects) -> dict[str, Any]:
    """The effects of one statement as CONTRACT.md has them."""
    return {
        "transaction": found.transaction.value,
        "fails_if_rows": found.fails_if_rows,
        "effects": [
            {
                "relation": effect.relation,
                "mode": effect.mode.value,
                "rewrites": effect.rewrites,
                "scans": effect.scans,
                "builds": list(effect.builds),
                "blocks": list(effect.blocks),
                "passing": effect.passing,
                "toast": _toast_document(effect.toast),
                "evidence": effect.evidence.value,
            }
            for effect in found.effects
        ],
    }


def _toast_document(toast: Toast | None) -> dict[str, str | None] | None:
    if toast is None:
        return None
    return {"mode": toast.mode.value, "index": toast.index.value if toast.index else None}


def effects_lines(found: StatementEffects, *, colour: bool, observed: bool = False) -> list[str]:
    """A line for each relation, the strongest lock first, with what is done to it below.

    Where the statement was `observed`, or others were seen, what was not is told from them.
    """
    lines = []
    seen = observed or any(effect.evidence is Evidence.OBSERVED for effect in found.effects)
    if found.transaction is Transactional.FORBIDDEN:
        lines.append("cannot run inside a transaction block")
    if found.fails_if_rows:
        lines.append(painted("fails as soon as there is a row", RED, colour))
    if not found.effects:
        lines.append(painted("locks no table", DIM, colour))
    shown = found.effects[:MOST_SHOWN]
    width = max((len(e.relation) for e in shown if e.relation != "?"), default=0)
    for effect in shown:
        unseen = seen and effect.evidence is Evidence.PREDICTED
        lines += _effect_lines(effect, min(width, 28), unseen=unseen, colour=colour)
    left = found.effects[MOST_SHOWN:]
    if left:
        lines.append(f"and {len(left)} more, none with a stronger lock")
    return lines


def _effect_lines(effect: Effect, width: int, *, unseen: bool, colour: bool) -> list[str]:
    if effect.evidence is Evidence.UNKNOWN and effect.relation == "?":
        return [painted("unknown: may lock anything, so it counts as dangerous", RED, colour)]
    words = f"{WORDS[effect.blocks]:<23}  {effect.mode.value}"
    shade = RED if "reads" in effect.blocks else YELLOW if effect.blocks else DIM
    name = visible(effect.relation)
    lines = [] if len(name) <= width else [name]
    first = f"{name:<{width}}" if len(name) <= width else " " * width
    lines.append(f"{first}  {painted(words, shade, colour)}")
    works = [*done(effect), *(["predicted, not seen"] if unseen else [])]
    if works:
        indent = " " * (width + 2)
        lines += textwrap.wrap(
            ", ".join(works), WIDTH, initial_indent=indent, subsequent_indent=indent
        )
    return lines


def lock_words(effect: Effect) -> str:
    """`blocks writes (SHARE)`."""
    return f"{WORDS[effect.blocks]} ({effect.mode.value})"


def does_words(effect: Effect) -> str:
    """What is done to a relation under its lock."""
    return ", ".join(done(effect)) or "the catalogs change"


def done(effect: Effect) -> Iterable[str]:
    """What is done to a relation while it is locked, in words."""
    if effect.rewrites:
        yield "writes every row anew"
    elif effect.scans:
        yield "reads every row"
    if effect.builds:
        names = [split_name(name)[-1] for name in effect.builds]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield f"builds {', '.join(names[:3])}{more}"
    if effect.passing:
        yield "before the work, for a moment: waits for writers, and new ones wait behind it"
    if effect.evidence is Evidence.UNKNOWN:
        yield "not known for certain"
