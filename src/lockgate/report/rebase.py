"""One branch put on top of the other: what moved, the rehearsal, and what is left to do."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from typing import Any

from lockgate.core.rebase import Rebase
from lockgate.report.rehearsal import rehearsal_document, rehearsal_text


def rebase_text(rebase: Rebase) -> str:
    """What moved where and why, how it went on scratch, and the next commands."""
    return "\n".join(_lines(rebase))


def _lines(rebase: Rebase) -> Iterator[str]:
    branch = rebase.branch
    moved = ", ".join(branch.revisions)
    if rebase.done:
        yield f"moved {moved} on top of {rebase.onto}, from {branch.parent}"
    else:
        yield f"{moved} does not stand on top of {rebase.onto}; every file is as it was"
    yield f"  file: {branch.path}"
    yield f"  why this one: {rebase.why}"
    for name, reason in rebase.not_asked:
        yield f"  not asked whether it is applied: {name} ({reason})"
    yield ""
    yield rehearsal_text(rebase.rehearsal)
    if not rebase.done:
        return
    for major in rebase.other_majors:
        yield f"next: `lockgate rehearse --postgres {major}`, as before the move"
    if rebase.resolved is not None:
        files = shlex.join(os.path.relpath(path) for path in (rebase.resolved, branch.path))
        yield f"next: `git add {files}`, then finish the merge in git"


def rebase_document(rebase: Rebase) -> dict[str, Any]:
    """The same as JSON: the document of `merge`, with what moved."""
    return {
        "revision": rebase.branch.revisions[0],
        "path": str(rebase.branch.path),
        "found": [],
        "rehearsal": rehearsal_document(rebase.rehearsal),
        "rebase": {
            "done": rebase.done,
            "moved": list(rebase.branch.revisions),
            "from": rebase.branch.parent,
            "onto": rebase.onto,
            "why": rebase.why,
            "not_asked": dict(rebase.not_asked),
            "other_majors": list(rebase.other_majors),
            "resolved": None if rebase.resolved is None else str(rebase.resolved),
        },
    }
