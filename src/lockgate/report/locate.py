"""Where a database is, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lockgate.core.locate import Located
from lockgate.report.changes import change_document, changes_text


def located_text(located: Located, *, verbose: bool) -> str:
    """What is recorded, what is so, and what to do where the two differ."""
    recorded = ", ".join(located.recorded) or "nothing"
    lines = [f"{located.name} records {recorded}"]
    if located.missing:
        kinds = ", ".join(kind.replace("_", " ") for kind in located.missing)
        lines.append(f"its structure is not known whole: the login may not read {kinds}")
    elif located.exact:
        how = "by replaying the revisions" if located.replayed else "by lockgate.lock"
        lines.append(f"its structure is exactly that of {', '.join(located.exact)}, {how}")
    elif located.together:
        heads = " and ".join(located.together)
        lines.append(f"its structure is exactly that of {heads} together, by replaying them")
    else:
        lines.append("its structure is that of no revision; the nearest:")
        for near in located.nearest:
            lines.append(f"  {near.revision}  {_counted(len(near.changes))} away")
            if verbose:
                lines.append(changes_text(near.changes, indent="    "))
    if located.stopped:
        lines.append(f"not all revisions could be replayed: {located.stopped}")
    lines += [
        f"the file of {lost.revision} is in git: {lost.commit[:12]}:{lost.path}"
        for lost in located.lost
    ]
    lines += [f"no file of {revision} is here or in git" for revision in located.nowhere]
    return "\n".join(lines)


def _counted(number: int) -> str:
    return f"{number} change{'' if number == 1 else 's'}"


def located_document(located: Located, restored: Iterable[Path]) -> dict[str, Any]:
    """The same in the shape of CONTRACT.md, with what was restored."""
    return {
        "environment": located.name,
        "marked": located.marked,
        "recorded": list(located.recorded),
        "exact": list(located.exact),
        "together": list(located.together),
        "replayed": located.replayed,
        "nearest": [
            {
                "revision": near.revision,
                "changes": len(near.changes),
                "details": [change_document(change) for change in near.changes],
            }
            for near in located.nearest
        ],
        "file_found": {lost.revision: lost.spelled for lost in located.lost},
        "file_missing": list(located.nowhere),
        "incomplete": list(located.missing),
        "stopped": located.stopped,
        "restored": [str(path) for path in restored],
    }
