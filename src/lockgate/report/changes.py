"""Changes as a reviewer reads them, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from lockgate.core.catalog import Change, ChangeKind
from lockgate.core.members import MEMBERS, gathered

SIGNS = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.ALTERED: "~"}


NOT_SEEN = "autogenerate does not see this"


def changes_text(
    changes: Iterable[Change],
    *,
    indent: str = "  ",
    cosmetic: bool = False,
    missed: Collection[Change] | None = (),
) -> str:
    """One line per Change, with from and to below an altered one.

    The line of a whole table counts its columns, constraints, indexes and sequences, which have
    none of their own. What is cosmetic is left out unless it is asked for. `missed` are marked as
    what autogenerate does not see.
    """
    lines = []
    for change, members in gathered(c for c in changes if cosmetic or not c.cosmetic):
        first, *rest = _lines(change, indent)
        first += f": {_counted(members)}" if members else ""
        lines += [f"{first}  ({NOT_SEEN})" if change in (missed or ()) else first, *rest]
    return "\n".join(lines)


PLURALS = {"index": "indexes"}


def _counted(members: Iterable[Change]) -> str:
    """`4 columns, 2 constraints, 1 index`."""
    counts = Counter(member.object for member in members)
    return ", ".join(
        f"{count} {kind if count == 1 else PLURALS.get(kind, f'{kind}s')}"
        for kind, count in sorted(counts.items())
    )


TOLD_WHOLE = (*MEMBERS, "domain", "enum", "index", "policy", "sequence", "statistics", "trigger")
"""Kinds of objects whose whole definition fits behind their name."""


def _lines(change: Change, indent: str) -> list[str]:
    what = f"{change.object} {change.name}"
    if change.property is not None:
        what += f", {change.property}"
    sign = SIGNS[change.kind]
    if change.kind is ChangeKind.ALTERED:
        return [
            f"{indent}{sign} {what}",
            f"{indent}    from {_one_line(change.from_)}",
            f"{indent}    to   {_one_line(change.to)}",
        ]
    shown = _one_line(change.to if change.kind is ChangeKind.ADDED else change.from_)
    if change.property is None and change.object not in TOLD_WHOLE:
        shown = ""
    return [f"{indent}{sign} {what}" + (f": {shown}" if shown else "")]


def change_document(change: Change) -> dict[str, Any]:
    """A Change in the shape of CONTRACT.md."""
    return {
        "kind": change.kind.value,
        "object": change.object,
        "name": change.name,
        "property": change.property,
        "from": change.from_,
        "to": change.to,
        "cosmetic": change.cosmetic,
    }


def compared_document(change: Change, missed: Collection[Change] | None) -> dict[str, Any]:
    """A Change between revisions and models, and whether autogenerate sees it.

    null where autogenerate could not be asked.
    """
    seen = None if missed is None else change not in missed
    return change_document(change) | {"autogenerate": seen}


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
