"""Changes as a reviewer reads them, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lockgate.core.catalog import Change, ChangeKind

SIGNS = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.ALTERED: "~"}


def changes_text(changes: Iterable[Change], *, indent: str = "  ", cosmetic: bool = False) -> str:
    """One line per Change, with from and to below an altered one.

    What is cosmetic is left out unless it is asked for.
    """
    lines = []
    for change in changes:
        if change.cosmetic and not cosmetic:
            continue
        what = f"{change.object} {change.name}"
        if change.property is not None:
            what += f", {change.property}"
        sign = SIGNS[change.kind]
        if change.kind is ChangeKind.ALTERED:
            lines.append(f"{indent}{sign} {what}")
            lines.append(f"{indent}    from {_one_line(change.from_)}")
            lines.append(f"{indent}    to   {_one_line(change.to)}")
        else:
            shown = change.to if change.kind is ChangeKind.ADDED else change.from_
            detail = f": {_one_line(shown)}" if change.property is not None else ""
            lines.append(f"{indent}{sign} {what}{detail}")
    return "\n".join(lines)


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


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
