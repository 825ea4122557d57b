"""What can be shown of a Revision, and the text of Alembic's own listings.

Answers what `history`, `heads`, `current`, `branches` and `show` print. Leaves reading revision
files and resolving ranges to `migrations/revisions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Detail(Enum):
    """How much of each Revision a listing shows."""

    SHORT = "short"
    VERBOSE = "verbose"


@dataclass(frozen=True, slots=True)
class RevisionSummary:
    """One Revision and its place among the others, without its code.

    `down_revisions` and `depends_on` stand in the file's order and spelling; `branch_labels`
    holds the labels of the whole branch, sorted; `next_revisions` are its children, sorted.
    """

    revision: str
    down_revisions: tuple[str, ...]
    next_revisions: tuple[str, ...]
    branch_labels: tuple[str, ...]
    depends_on: tuple[str, ...]
    message: str  # the docstring's first paragraph
    doc: str
    path: str
    is_head: bool
    is_depended_on: bool  # by a Revision that is not its child
    is_base: bool
    is_branch_point: bool
    is_merge_point: bool
    is_current: bool  # False also where no database was asked
    irreversible: str | None  # the file's own reason


@dataclass(frozen=True, slots=True)
class RevisionFile:
    """One revision file as it is now, as far as the lock file can tell a difference."""

    revision: str
    parent: tuple[str, ...]  # sorted, as is depends_on
    depends_on: tuple[str, ...]
    syntax: str  # syntax_hash of its text
    path: str


@dataclass(frozen=True, slots=True)
class BranchPoint:
    """A Revision with more than one child, and the children sorted by id."""

    point: RevisionSummary
    children: tuple[RevisionSummary, ...]


def history_text(
    summaries: Iterable[RevisionSummary],
    detail: Detail = Detail.SHORT,
    *,
    indicate_current: bool = False,
) -> str:
    """What `alembic history` prints, `(current)` marked where asked for."""
    if detail is Detail.VERBOSE:
        return _print(_entry(summary, indicate_current) for summary in summaries)
    return _print(
        f"{_parents(summary)}{_labelled(summary)}{_head_mark(summary)}"
        f"{' (current)' if indicate_current and summary.is_current else ''}"
        f"{_tree_marks(summary)}, {summary.message}"
        for summary in summaries
    )


def heads_text(summaries: Iterable[RevisionSummary], detail: Detail = Detail.SHORT) -> str:
    """What `alembic heads` prints."""
    if detail is Detail.VERBOSE:
        return show_text(summaries)
    return _print(f"{_labelled(summary)}{_head_mark(summary)}" for summary in summaries)


def current_text(summaries: Iterable[RevisionSummary], detail: Detail = Detail.SHORT) -> str:
    """What `alembic current` prints, without the line that names the database."""
    if detail is Detail.VERBOSE:
        return show_text(summaries)
    return _print(
        f"{summary.revision}{_head_mark(summary)}{_tree_marks(summary)}" for summary in summaries
    )


def branches_text(branches: Iterable[BranchPoint], detail: Detail = Detail.SHORT) -> str:
    """What `alembic branches` prints; verbose shows the point in full and the children's docs."""
    return _print(_branch(branch, detail) for branch in branches)


def _branch(branch: BranchPoint, detail: Detail) -> str:
    verbose = detail is Detail.VERBOSE
    lines = [_entry(branch.point) if verbose else _line(branch.point)]
    indent = " " * len(branch.point.revision)
    lines += [
        f"{indent} -> {_line(child)}{f', {child.message}' if verbose else ''}"
        for child in branch.children
    ]
    return "\n".join(lines) + "\n"


def show_text(summaries: Iterable[RevisionSummary]) -> str:
    """What `alembic show` prints."""
    return _print(_entry(summary) for summary in summaries)


def _entry(summary: RevisionSummary, indicate_current: bool = False) -> str:
    head = " (head)" if summary.is_head else ""
    current = " (current)" if indicate_current and summary.is_current else ""
    parents = ", ".join(summary.down_revisions) or "<base>"
    lines = [
        f"Rev: {summary.revision}{head}{_tree_marks(summary)}{current}",
        f"{'Merges' if summary.is_merge_point else 'Parent'}: {parents}",
    ]
    if summary.depends_on:
        lines.append(f"Also depends on: {', '.join(summary.depends_on)}")
    if summary.is_branch_point:
        lines.append(f"Branches into: {', '.join(summary.next_revisions)}")
    if summary.branch_labels:
        lines.append(f"Branch names: {', '.join(summary.branch_labels)}")
    lines += [f"Path: {summary.path}", ""]
    lines.append("\n".join(f"    {line}" for line in summary.doc.splitlines()))
    return "\n".join(lines) + "\n"


def _line(summary: RevisionSummary) -> str:
    return f"{_labelled(summary)}{_head_mark(summary)}{_tree_marks(summary)}"


def _parents(summary: RevisionSummary) -> str:
    parents = ", ".join(summary.down_revisions) or "<base>"
    needs = f" ({', '.join(summary.depends_on)})" if summary.depends_on else ""
    return f"{parents}{needs} -> "


def _labelled(summary: RevisionSummary) -> str:
    labels = f" ({', '.join(summary.branch_labels)})" if summary.branch_labels else ""
    return summary.revision + labels


def _head_mark(summary: RevisionSummary) -> str:
    if not summary.is_head:
        return ""
    return " (effective head)" if summary.is_depended_on else " (head)"


def _tree_marks(summary: RevisionSummary) -> str:
    branch = " (branchpoint)" if summary.is_branch_point else ""
    return branch + (" (mergepoint)" if summary.is_merge_point else "")


def _print(texts: Iterable[str]) -> str:
    return "".join(f"{text}\n" for text in texts)
