"""Which Revisions `lockgate lint` is to look at, and what they would send."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from lockgate.core.effects import Structure
from lockgate.core.refusals import follow
from lockgate.core.revision_source import Unread
from lockgate.core.sql.trees import parse
from lockgate.core.statement import Direction
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.offline import Offline, render
from lockgate.migrations.ranges import RevisionText, resolve_range
from lockgate.migrations.revisions import unjoined_heads
from lockgate.workflows.destination import Destination, find_readable
from lockgate.workflows.edits import edited_files
from lockgate.workflows.existing import NEWEST
from lockgate.workflows.linting import FileUnreadable, RevisionToLint, read_source
from lockgate.workflows.listing import ask
from lockgate.workflows.sql_files import shown_path
from lockgate.workflows.workspace import Workspace, git


@dataclass(eq=False)
class NoSuchBranch(LockgateError):
    """--since names nothing that the history here can be compared with."""

    given: str
    reason: str

    code: ClassVar[str] = "LG-LINT-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What was given, and why it does not do."""
        return f'--since "{self.given}": {self.reason}'

    @property
    def hint(self) -> str:
        """What is accepted."""
        return "give a branch or commit, such as origin/main; in CI, fetch its history first"


def heads_of(workspace: Workspace, environment: str | None) -> tuple[str, ...]:
    """The Revisions that an Environment is at; none where none is named."""
    if environment is None:
        return ()
    record, _ = ask(find_readable(workspace, environment), purpose="lint")
    return next(iter(record.heads_before.values()), ())


def find_revisions(
    workspace: Workspace, ranges: Collection[str], heads: tuple[str, ...] = ()
) -> tuple[RevisionText, ...]:
    """The Revisions that the arguments mean, oldest first; none given is what is pending.

    An argument is a revision file, or a RANGE. Raises RevisionUnresolved, FileUnreadable.
    """
    directory = workspace.project.directory
    everything = resolve_range(directory, "base:heads", ())
    if not ranges:
        return resolve_range(directory, None, heads)
    wanted: set[str] = set()
    for given in ranges:
        path = Path(given).resolve()
        named = [text.revision for text in everything if text.path.resolve() == path]
        if not named and path.is_file():
            # A hook gives every file whose path looks like that of a revision.
            workspace.progress.done(f"note: {given} is no revision of this project")
            continue
        if not named and path.suffix == ".py":
            raise FileUnreadable(given, "there is no such file")
        wanted.update(named or (t.revision for t in _meant(workspace, given, heads)))
    return tuple(text for text in everything if text.revision in wanted)


def _meant(workspace: Workspace, given: str, heads: tuple[str, ...]) -> tuple[RevisionText, ...]:
    """A single revision is itself; only a RANGE with a mark is what leads there."""
    directory = workspace.project.directory
    if ":" in given or given in ("head", "heads") or given[:1] in "+-":
        return resolve_range(directory, given, heads)
    found = resolve_range(directory, f"{given}:{given}", ())
    return found or resolve_range(directory, given, heads)[-1:]


def added_since(workspace: Workspace, branch: str) -> tuple[RevisionText, ...]:
    """The Revisions whose files are new or changed since `branch` and this one parted.

    What is not committed yet counts. Raises NoSuchBranch.
    """
    root = workspace.settings.root
    top, parted = _parted(root, branch)
    # -z, for names may have any character; a file that was only renamed is nothing new.
    asked = ("diff", "-z", "--name-only", "-M100%", "--diff-filter=dr", parted)
    changed = git(root, "-C", top, *asked) or ""
    fresh = git(root, "-C", top, "ls-files", "-z", "--others", "--exclude-standard") or ""
    paths = {(Path(top) / name).resolve() for name in (changed + "\0" + fresh).split("\0") if name}
    everything = resolve_range(workspace.project.directory, "base:heads", ())
    return tuple(text for text in everything if text.path.resolve() in paths)


def _parted(root: Path, branch: str) -> tuple[str, str]:
    """The top of the checkout, and the commit where `branch` and this one parted."""
    top = git(root, "rev-parse", "--show-toplevel")
    if top is None:
        raise NoSuchBranch(branch, "git has no checkout here, or is not installed")
    if git(root, "rev-parse", "--verify", "--quiet", "HEAD") is None:
        raise NoSuchBranch(branch, "nothing is committed here yet")
    # Resolved first, for a name may begin with a dash.
    names = (branch, f"refs/heads/{branch}", f"refs/remotes/{branch}")
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    found = (git(root, *asked, f"{name}^{{commit}}") for name in names if branch)
    commit = next((one for one in found if one), None)
    shallow = git(root, "rev-parse", "--is-shallow-repository") == "true"
    cut = "the clone is shallow, and lacks " if shallow else ""
    if commit is None:
        raise NoSuchBranch(branch, f"{cut}that branch" if cut else "git knows no such branch")
    parted = git(root, "merge-base", commit, "HEAD")
    if parted is None:
        raise NoSuchBranch(
            branch, f"{cut}where the two parted" if cut else "it shares no history with this branch"
        )
    return top, parted


def read_revisions(
    workspace: Workspace,
    asked: tuple[RevisionText, ...],
    structure: Structure | None,
    destination: Destination | None = None,
    heads: tuple[str, ...] | None = None,
) -> Iterator[RevisionToLint]:
    """What `asked` would send; `destination`, where known, says which of them ran there.

    `heads` are the Revisions that it is at.

    `structure`, where given, is filled with what the Revisions before the first of them make.
    """
    directory = workspace.project.directory
    if structure is not None and asked:
        for text in resolve_range(directory, "base:heads", ()):
            if text.revision == asked[0].revision:
                break
            fill(workspace, text, structure)
    edited = edited_files(workspace, destination)
    unjoined = unjoined_heads(directory)
    following = _following(workspace, asked, heads)
    for text in asked:
        script = directory.get_revision(text.revision)
        up = render(script, Direction.UP)
        down = render(script, Direction.DOWN) if not text.irreversible else Offline(())
        source = read_source(
            text.revision,
            shown_path(text.path),
            text.path.read_bytes(),
            irreversible=text.irreversible,
        )
        lacking = up if up.unread is not None else down
        source = replace(
            source,
            edited=text.revision in edited,
            applied=edited.get(text.revision),
            heads=unjoined if text.revision in unjoined else (),
            unread=lacking.unread,
            unread_reason=lacking.problem or "",
            unread_line=lacking.line,
        )
        apart = text.revision not in following or not _is_whole(up)
        doubts = frozenset(source.words()) if up.unread is not None else frozenset[str]()
        yield RevisionToLint(source, _plain(up), _plain(down), apart, doubts)


def _is_whole(up: Offline) -> bool:
    """Whether what a Revision sends is known, but for what it does with rows that it reads."""
    asked = up.unread is Unread.ASKED and not up.inspected
    return up.parts == 1 and (up.unread is None or asked)


def _following(
    workspace: Workspace, asked: tuple[RevisionText, ...], heads: tuple[str, ...] | None
) -> set[str]:
    """Those of `asked` that come right after what is there, or after another of them.

    What is there are `heads`, or where nobody says so, what comes before the first.
    """
    directory = workspace.project.directory
    if heads is None:
        every = resolve_range(directory, "base:heads", ())
        following = {text.revision for text in asked[:1]}
    else:
        every = resolve_range(directory, None, heads)
        following = {text.revision for text in every[:1]}
    named = {text.revision for text in asked}
    following |= {b.revision for a, b in itertools.pairwise(every) if a.revision in named}
    return following


def fill(workspace: Workspace, text: RevisionText, structure: Structure) -> None:
    """Applies what a Revision would send."""
    script = workspace.project.directory.get_revision(text.revision)
    rendered = render(script, Direction.UP)
    for statement in rendered.statements:
        for parsed in parse(statement.sql):
            follow(structure, parsed, NEWEST, renders=True)
    if not _is_whole(rendered):
        structure.certainty.doubt_everything()
    elif rendered.unread is not None:
        source = read_source(text.revision, str(text.path), text.path.read_bytes())
        structure.certainty.doubt(*source.words())


def _plain(offline: Offline) -> tuple[tuple[str, int, bool], ...]:
    return tuple((s.sql, s.line, s.transactional) for s in offline.statements)
