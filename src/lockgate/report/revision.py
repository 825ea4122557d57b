"""A new revision: what was found, its file, and its rehearsal."""

from __future__ import annotations

from typing import Any

from lockgate.core.catalog import CatalogObject, Change
from lockgate.core.rehearsal import Rehearsal
from lockgate.report.changes import change_document, changes_text
from lockgate.report.rehearsal import rehearsal_document, rehearsal_text


def new_revision_text(
    found: tuple[str, ...],
    path: str | None,
    text: str | None,
    rehearsal: Rehearsal | None,
    *,
    added: tuple[Change, ...] = (),
    left: tuple[Change, ...] = (),
    not_restored: tuple[Change, ...] = (),
    kept: tuple[CatalogObject, ...] = (),
    refused: tuple[tuple[str, str], ...] = (),
    renames: tuple[str, ...] = (),
    unasked: str | None = None,
) -> str:
    """What autogenerate saw, what was added, the file as written, and how it went on scratch."""
    lines = []
    if unasked is not None:
        lines += [f"autogenerate fails; what it would have seen is added below: {unasked}", ""]
    if renames:
        lines += ["renamed:", *(f"  {rename}" for rename in renames), ""]
    if found:
        lines += ["found by autogenerate:", *(f"  {line}" for line in found), ""]
    if added:
        lines += ["added, since autogenerate does not see it:"]
        lines += [changes_text(added, cosmetic=True), ""]
    if kept:
        lines += ["left alone, though the models do not have it (--drop NAME drops it):"]
        lines += [*(f"  {one.kind} {one.name}" for one in kept), ""]
    if path is None:
        nothing = (
            "the models and the revisions agree: nothing to write (--empty writes a file anyway)"
        )
        return "\n".join([*lines, nothing])
    lines += [f"wrote {path}", ""]
    lines += [f"  | {line}".rstrip() for line in (text or "").splitlines()]
    lines.append("")
    if left:
        lines += ["the upgrade does not reach the models; left, to be written by hand:"]
        lines += [changes_text(left, cosmetic=True), ""]
    if not_restored:
        lines += ["the downgrade does not come back; left after it:"]
        lines += [changes_text(not_restored, cosmetic=True), ""]
    for sql, reason in refused:
        lines += [f"the server refused: {' '.join(sql.split())}", f"  {reason}", ""]
    if rehearsal is None:
        lines.append("write its upgrade and downgrade, then run `lockgate rehearse`")
    else:
        lines.append(rehearsal_text(rehearsal))
    return "\n".join(lines)


def new_revision_document(
    found: tuple[str, ...],
    revision: str | None,
    path: str | None,
    rehearsal: Rehearsal | None,
    *,
    added: tuple[Change, ...] = (),
    left: tuple[Change, ...] = (),
    not_restored: tuple[Change, ...] = (),
    kept: tuple[CatalogObject, ...] = (),
    refused: tuple[tuple[str, str], ...] = (),
    renames: tuple[str, ...] = (),
    unasked: str | None = None,
) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "revision": revision,
        "path": path,
        "renames": list(renames),
        "found": list(found),
        "added": [change_document(change) for change in added],
        "left": [change_document(change) for change in left],
        "not_restored": [change_document(change) for change in not_restored],
        "kept": [{"object": one.kind, "name": one.name} for one in kept],
        "refused": [{"sql": sql, "reason": reason} for sql, reason in refused],
        "autogenerate_error": unasked,
        "rehearsal": None if rehearsal is None else rehearsal_document(rehearsal),
    }
