"""A new revision: what was found, its file, and its rehearsal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lockgate.core.catalog import CatalogObject, Change
from lockgate.core.rehearsal import Rehearsal
from lockgate.report.changes import change_document, changes_text
from lockgate.report.rehearsal import rehearsal_document, rehearsal_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What is told of a new revision: what autogenerate `found`, the file, how it went on scratch.

    No `path` where there was nothing to write. `added` is what autogenerate did not see, `left`
    what the upgrade does not reach, `not_restored` what the downgrade leaves, `kept` what the
    models lack and stays, `refused` the statements that the server did not take, each with its
    reason. `unasked` says why autogenerate could not be asked.
    """

    found: tuple[str, ...]
    revision: str | None
    path: str | None
    text: str | None
    rehearsal: Rehearsal | None
    added: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()
    not_restored: tuple[Change, ...] = ()
    kept: tuple[CatalogObject, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    renames: tuple[str, ...] = ()
    unasked: str | None = None


def new_revision_text(new: Written) -> str:
    """What autogenerate saw, what was added, the file as written, and how it went on scratch."""
    lines = []
    if new.unasked is not None:
        lines += [f"autogenerate fails; what it would have seen is added below: {new.unasked}", ""]
    if new.renames:
        lines += ["renamed:", *(f"  {rename}" for rename in new.renames), ""]
    if new.found:
        lines += ["found by autogenerate:", *(f"  {line}" for line in new.found), ""]
    if new.added:
        lines += ["added, since autogenerate does not see it:"]
        lines += [changes_text(new.added, cosmetic=True), ""]
    if new.kept:
        lines += ["left alone, though the models do not have it (--drop NAME drops it):"]
        lines += [*(f"  {one.kind} {one.name}" for one in new.kept), ""]
    if new.path is None:
        nothing = (
            "the models and the revisions agree: nothing to write (--empty writes a file anyway)"
        )
        return "\n".join([*lines, nothing])
    lines += [f"wrote {new.path}", ""]
    lines += [f"  | {line}".rstrip() for line in (new.text or "").splitlines()]
    lines.append("")
    if new.left:
        lines += ["the upgrade does not reach the models; left, to be written by hand:"]
        lines += [changes_text(new.left, cosmetic=True), ""]
    if new.not_restored:
        lines += ["the downgrade does not come back; left after it:"]
        lines += [changes_text(new.not_restored, cosmetic=True), ""]
    for sql, reason in new.refused:
        lines += [f"the server refused: {' '.join(sql.split())}", f"  {reason}", ""]
    if new.rehearsal is None:
        lines.append("write its upgrade and downgrade, then run `lockgate rehearse`")
    else:
        lines.append(rehearsal_text(new.rehearsal))
    return "\n".join(lines)


def new_revision_document(new: Written) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "revision": new.revision,
        "path": new.path,
        "renames": list(new.renames),
        "found": list(new.found),
        "added": [change_document(change) for change in new.added],
        "left": [change_document(change) for change in new.left],
        "not_restored": [change_document(change) for change in new.not_restored],
        "kept": [{"object": one.kind, "name": one.name} for one in new.kept],
        "refused": [{"sql": sql, "reason": reason} for sql, reason in new.refused],
        "autogenerate_error": new.unasked,
        "rehearsal": None if new.rehearsal is None else rehearsal_document(new.rehearsal),
    }
