"""Revisions as JSON; as text they read as Alembic's own, see `core.revisions`."""

from __future__ import annotations

from typing import Any

from lockgate.core.revisions import RevisionSummary


def revision_document(summary: RevisionSummary) -> dict[str, Any]:
    """One Revision and its place among the others."""
    return {
        "revision": summary.revision,
        "down_revisions": list(summary.down_revisions),
        "branch_labels": list(summary.branch_labels),
        "depends_on": list(summary.depends_on),
        "message": summary.message,
        "path": summary.path,
        "head": summary.is_head,
        "base": summary.is_base,
        "branch_point": summary.is_branch_point,
        "merge_point": summary.is_merge_point,
        "current": summary.is_current,
        "irreversible": summary.irreversible,
    }
