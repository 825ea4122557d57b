"""A new revision: what was found, its file, and its rehearsal."""

from __future__ import annotations

from typing import Any

from lockgate.core.rehearsal import Rehearsal
from lockgate.report.rehearsal import rehearsal_document, rehearsal_text


def new_revision_text(
    found: tuple[str, ...], path: str | None, text: str | None, rehearsal: Rehearsal | None
) -> str:
    """What autogenerate saw, the file as it was written, and how it went on scratch."""
    if path is None:
        return "the models and the database agree: nothing to write (--empty writes a file anyway)"
    lines = []
    if found:
        lines += ["found:", *(f"  {line}" for line in found), ""]
    lines += [f"wrote {path}", ""]
    lines += [f"  | {line}".rstrip() for line in (text or "").splitlines()]
    lines.append("")
    if rehearsal is None:
        lines.append("write its upgrade and downgrade, then run `lockgate rehearse`")
    else:
        lines.append(rehearsal_text(rehearsal))
    return "\n".join(lines)


def new_revision_document(
    found: tuple[str, ...], revision: str | None, path: str | None, rehearsal: Rehearsal | None
) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "revision": revision,
        "path": path,
        "found": list(found),
        "rehearsal": None if rehearsal is None else rehearsal_document(rehearsal),
    }
