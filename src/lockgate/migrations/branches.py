"""Which Revisions a branch adds to another, and the text of a file that is given another parent.

Answers what `lockgate merge --rebase` moves. Leaves whether it may, and the proof, to
`workflows/rebase.py`.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from alembic.script import Script, ScriptDirectory

from lockgate.core.rebase import Branch
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.revision_files import RevisionFileUnreadable, read_statements


@dataclass(eq=False)
class BranchNotMovable(LockgateError):
    """A branch whose Revisions cannot be put on top of another head by moving their lowest one."""

    head: str
    onto: str
    reason: str

    code: ClassVar[str] = "LG-MRG-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Which branch, on top of what, and what stands in the way."""
        return f'"{self.head}" cannot be put on top of "{self.onto}": {self.reason}'

    @property
    def hint(self) -> str:
        """What joins them all the same."""
        return (
            "run `lockgate heads` to see the heads, and "
            "`lockgate merge heads -m MESSAGE` to join them by a revision"
        )


@dataclass(eq=False)
class ParentNotRewritable(LockgateError):
    """A revision file that does not say its parent in a way that can be rewritten."""

    path: str
    reason: str

    code: ClassVar[str] = "LG-MRG-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Which file, and why."""
        return f'the parent in "{self.path}" cannot be rewritten: {self.reason}'

    @property
    def hint(self) -> str:
        """Who can."""
        return "set `down_revision` in the file by hand, then run `lockgate rehearse`"


def find_branch(directory: ScriptDirectory, head: str, onto: str) -> Branch:
    """What has to move for the head `head` to come after the head `onto`.

    Raises BranchNotMovable where it is no plain line from a Revision that both have.
    """
    below = _with_ancestors(directory, onto, dependencies=False)
    needed = _with_ancestors(directory, onto, dependencies=True)
    own = _with_ancestors(directory, head, dependencies=False) - below
    if reason := _what_hinders(directory, own, needed, onto):
        raise BranchNotMovable(head, onto, reason)
    line = tuple(_line(directory, head, own))
    lowest = directory.get_revision(line[0])
    (parent,) = lowest._versioned_down_revisions
    return Branch(line, parent, Path(lowest.path))


def _what_hinders(
    directory: ScriptDirectory, own: set[str], needed: set[str], onto: str
) -> str | None:
    """Why the Revisions `own` cannot move as they are."""
    if wanted := own & needed:
        return f"{onto} depends on {min(wanted)} itself"
    for revision in sorted(own):
        script = directory.get_revision(revision)
        if script.is_merge_point:
            return f"{revision} is a merge"
        if script.is_base:
            return "they have no revision in common"
        if labels := script._orig_branch_labels:
            return f'{revision} has the branch label "{min(labels)}", to be kept apart'
        if others := script.nextrev - own:
            return f"{min(others)} builds on {revision}, too"
    return None


def _with_ancestors(directory: ScriptDirectory, revision: str, *, dependencies: bool) -> set[str]:
    found: set[str] = set()
    waiting = {revision}
    while waiting:
        script: Script = directory.get_revision(waiting.pop())
        found.add(script.revision)
        parents = script._all_down_revisions if dependencies else script._versioned_down_revisions
        waiting |= set(parents) - found
    return found


def _line(directory: ScriptDirectory, head: str, own: set[str]) -> Iterator[str]:
    line = [head]
    while (parent := directory.get_revision(line[-1])._versioned_down_revisions[0]) in own:
        line.append(parent)
    return reversed(line)


def with_parent(source: bytes, path: str, parent: str) -> bytes:
    """The revision file `source` with `parent` as its only one, and not a byte else changed.

    That is `down_revision`, and the line `Revises:` of the docstring where it names the parent
    that the file has had.

    Raises ParentNotRewritable, RevisionFileUnreadable.
    """
    said = read_statements(source, path)
    if said is None:
        raise ParentNotRewritable(path, "only running it tells `down_revision`")
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    text = source.decode(encoding)
    tree = ast.parse(text)
    edits = []
    for statement in tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="down_revision")], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id="down_revision"), value=ast.expr() as value)
            ):
                start, end = _span(text, value)
                edits.append((start, end, _quoted_alike(text[start:end], parent)))
            case ast.Expr(value=ast.Constant(value=str()) as value) if statement is tree.body[0]:
                start, end = _span(text, value)
                revises = _revising(text[start:end], said["down_revision"], parent)
                edits.append((start, end, revises))
    for start, end, fresh in reversed(edits):
        text = text[:start] + fresh + text[end:]
    rewritten = text.encode(encoding)
    _refuse_other_changes(said, rewritten, path, parent)
    return rewritten


def _span(text: str, node: ast.expr) -> tuple[int, int]:
    """Where `node` begins and ends in `text`; `ast` counts bytes of UTF-8 within its line."""
    lines = io.StringIO(text, newline="").readlines()
    assert node.end_lineno is not None
    assert node.end_col_offset is not None

    def position(line: int, column: int) -> int:
        within = lines[line - 1].encode()[:column].decode()
        return sum(map(len, lines[: line - 1])) + len(within)

    return (
        position(node.lineno, node.col_offset),
        position(node.end_lineno, node.end_col_offset),
    )


def _quoted_alike(before: str, parent: str) -> str:
    """`parent` as a literal in the quotes that the file has, double ones where it has none."""
    quote = "'" if "'" in before else '"'
    return f"{quote}{parent}{quote}"


def _revising(docstring: str, before: object, parent: str) -> str:
    """The docstring with `parent` after `Revises:`, if the parent that it had stands there."""
    match before:
        case str():
            was = before
        case tuple() | list():
            was = ", ".join(map(str, before))
        case _:
            was = ""
    return re.sub(
        rf"^(Revises:[ \t]*){re.escape(was)}(?=[ \t]*\r?$)",
        lambda found: found[1] + parent,
        docstring,
        count=1,
        flags=re.MULTILINE,
    )


def _refuse_other_changes(
    said: dict[str, object], rewritten: bytes, path: str, parent: str
) -> None:
    """Holds the new text against what it had to become, as the file's readers see it."""
    try:
        says = read_statements(rewritten, path)
    except RevisionFileUnreadable as error:
        raise ParentNotRewritable(path, error.reason) from error
    wanted = {name: said[name] for name in said if name != "__doc__"} | {"down_revision": parent}
    if says is None or {name: says[name] for name in says if name != "__doc__"} != wanted:
        raise ParentNotRewritable(path, "the result would not read as it has to")
