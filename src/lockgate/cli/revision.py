"""`lockgate revision` and `lockgate merge`"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from lockgate.cli.options import (
    Config,
    Env,
    Output,
    Quiet,
    Verbose,
    XArguments,
    open_workspace,
    speak,
)
from lockgate.cli.renames import NotRenamed, Renamed, person
from lockgate.cli.terminal import TERMINAL, Format

if TYPE_CHECKING:
    from lockgate.report.revision import Written
    from lockgate.workflows.revision import NewRevision
    from lockgate.workflows.workspace import Workspace

Message = Annotated[
    str | None, typer.Option("--message", "-m", help="Message of the new revision.")
]
BranchLabel = Annotated[
    str | None, typer.Option("--branch-label", help="Branch label for the new revision.")
]
RevId = Annotated[str | None, typer.Option("--rev-id", help="Revision id in place of a new one.")]
Splice = Annotated[bool, typer.Option("--splice", help="Allow a parent that is not a head.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("revision")(revision)
    app.command("merge")(merge)


def revision(
    message: Message = None,
    empty: Annotated[
        bool, typer.Option("--empty", help="Do not compare; write empty functions.")
    ] = False,
    head: Annotated[str, typer.Option("--head", help="Parent: a head, or BRANCH@head.")] = "head",
    splice: Splice = False,
    branch_label: BranchLabel = None,
    version_path: Annotated[
        str | None, typer.Option("--version-path", help="Folder of the new file.")
    ] = None,
    rev_id: RevId = None,
    depends_on: Annotated[
        list[str] | None, typer.Option("--depends-on", help="Revision that must be there.")
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", metavar="NAME", help="Drop this, which the models do not have."),
    ] = None,
    rename: Renamed = None,
    no_rename: NotRenamed = None,
    env: Env = None,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Write a revision from the models, and rehearse it at once.

    Development only. Makes the revisions' and the models' schema on scratch, takes what Alembic's
    autogenerate finds between them, with the options and hooks of env.py, and adds what it does
    not see: enum values, check constraints, predicates and methods of indexes, sequences, views,
    functions and the like. What the models lack and autogenerate does not drop is left alone,
    unless --drop names it; what may have been renamed is asked about, and in a script has to be
    declared. The file is plain Alembic. It is run up, down and up again on scratch,
    and the result goes into lockgate.lock. With --empty nothing is compared or rehearsed. Without
    a difference no file is written.

    Exits with 1 if revisions are pending on the database, if there are several heads, if the file
    does not lead to the models or not back, or if the rehearsal shows something to mend; then the
    file is there. With 3 on staging and production.
    """
    speak(output, quiet, verbose)
    from lockgate.core.ddl.renames import parse, parse_old
    from lockgate.workflows import revision as workflow

    wish = workflow.Wish(
        message, head, splice, branch_label, version_path, rev_id, tuple(depends_on or ())
    )
    answers = workflow.Answers(
        tuple(drop or ()),
        tuple(parse(text) for text in rename or ()),
        tuple(parse_old(text) for text in no_rename or ()),
        person(),
    )
    new = workflow.revision(open_workspace(config, x), env, wish, empty=empty, answers=answers)
    return _show("revision", new)


def merge(
    revisions: Annotated[
        list[str] | None, typer.Argument(help="Revisions to join, or heads.")
    ] = None,
    rebase: Annotated[
        bool,
        typer.Option("--rebase", help="Put the first on top of the other; write no revision."),
    ] = False,
    message: Message = None,
    branch_label: BranchLabel = None,
    rev_id: RevId = None,
    splice: Splice = False,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Join several heads with a revision, or put one on top of the other; rehearse it.

    The revision does nothing itself. Needs no environment. Name the revisions, or `heads` for all
    of them.

    With --rebase it writes no revision. It gives the lowest revision that only one of the heads
    has the other head for its parent, in `down_revision` and in the docstring's line `Revises:`,
    and changes nothing else in the file. Name the head that goes on top, or both, that one
    first. Without names it is the one that is applied nowhere, of two such the one that is not on
    git's main branch yet, and else the one that came into git later. It refuses what is applied
    anywhere, by lockgate.lock or by an environment that answers, and says which ones it could
    not ask.

    Both work in the middle of a git merge and resolve its conflict in lockgate.lock.

    Exits with 1 if the rehearsal shows something to mend; then the new file is there, and with
    --rebase every file is as it was. With 1 also if --rebase refuses.
    """
    speak(output, quiet, verbose)
    if rebase:
        if message or branch_label or rev_id or splice:
            raise typer.BadParameter("--rebase writes no revision: leave out the other options")
        return _rebase(open_workspace(config, x), tuple(revisions or ()))
    if not revisions:
        raise typer.BadParameter("name the revisions to join, or heads for all of them")
    from lockgate.workflows import revision as workflow

    wish = workflow.Wish(message, splice=splice, branch_label=branch_label, rev_id=rev_id)
    return _show("merge", workflow.merge(open_workspace(config, x), tuple(revisions), wish))


def _rebase(workspace: Workspace, revisions: tuple[str, ...]) -> int:
    from lockgate.report.rebase import rebase_document, rebase_text
    from lockgate.workflows.rebase import rebase

    found = rebase(workspace, revisions)
    if TERMINAL.format == Format.JSON:
        TERMINAL.document("merge", rebase_document(found))
    else:
        TERMINAL.text(rebase_text(found))
    return 0 if found.done else 1


def _show(command: str, new: NewRevision) -> int:
    from lockgate.report.revision import new_revision_document, new_revision_text

    written = written_of(new)
    if TERMINAL.format == Format.JSON:
        TERMINAL.document(command, new_revision_document(written))
    else:
        TERMINAL.text(new_revision_text(written))
    return 0 if new.ok else 1


def written_of(new: NewRevision) -> Written:
    """What reports tell of a new revision."""
    from lockgate.report.revision import Written

    authored, completed = new.authored, new.completed
    written = Written(
        found=authored.found,
        revision=authored.revision,
        path=authored.path,
        text=new.text,
        rehearsal=new.rehearsal,
    )
    if completed is None:
        return written
    return replace(
        written,
        added=completed.added,
        left=completed.left,
        not_restored=completed.not_restored,
        kept=completed.kept,
        refused=tuple((one.sql, one.reason) for one in completed.refused),
        renames=tuple(map(str, completed.renames)),
        unasked=completed.unasked,
    )
