"""`lockgate diff`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lockgate.cli.options import (
    Config,
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
    from lockgate.core.ddl import Rename
    from lockgate.workflows.leading import Led
    from lockgate.workflows.snapshot import Difference

TARGET = "An environment, a URL, a snapshot file, models, or revision:REV."


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("diff")(diff)


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=TARGET)],
    after: Annotated[str, typer.Argument(metavar="B", help="Likewise.")],
    cosmetic: Annotated[
        bool, typer.Option("--cosmetic", help="Also the order of columns, comments, and the like.")
    ] = False,
    sql: Annotated[
        bool,
        typer.Option("--sql", help="Print the statements from A to B, proved on scratch."),
    ] = False,
    rename: Renamed = None,
    no_rename: NotRenamed = None,
    concurrently: Annotated[
        bool,
        typer.Option("--concurrently", help="With --sql: indexes without blocking writes."),
    ] = False,
    postgres: Annotated[
        int | None,
        typer.Option(
            "--postgres",
            metavar="MAJOR",
            help="PostgreSQL for models and revisions. [default: the other side's]",
        ),
    ] = None,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show the changes that lead from one structure to another; exit 1 if there are any.

    `lockgate diff models revision:head` holds the models against the revisions,
    `lockgate diff prod revision:head` a database against what it should be,
    `lockgate diff dev prod` two databases against each other. Nothing is changed anywhere.

    With `--sql` the result is the statements that lead from A to B, in an order in which they
    run, and with `--cosmetic` comments, owners and privileges too. They are tried on scratch
    first: A is made there, they run, and what they made must be B. Rows are not tried, and a
    statement that loses some says so. The exit status is 0 if they lead there. What looks renamed
    is never dropped unasked: see `--rename`.
    """
    speak(output, quiet, verbose)
    from lockgate.core.ddl.renames import parse, parse_old
    from lockgate.workflows.snapshot import compare_targets, lead_over

    declared = tuple(parse(text) for text in rename or ())
    denied = tuple(parse_old(text) for text in no_rename or ())
    workspace = open_workspace(config, x)
    found = compare_targets(workspace, before, after, major=postgres)
    if sql:
        renames = _settled(found, declared, denied)
        led = lead_over(
            workspace, found, renames=renames, concurrently=concurrently, cosmetic=cosmetic
        )
        return _show_statements(found, led, f"{before} and {after}", cosmetic=cosmetic)
    return _show_changes(found, declared, denied, f"{before} and {after}", cosmetic=cosmetic)


def _show_changes(
    found: Difference,
    declared: tuple[Rename, ...],
    denied: tuple[Rename, ...],
    names: str,
    *,
    cosmetic: bool,
) -> int:
    from lockgate.report.changes import change_document, changes_text, compared_document
    from lockgate.report.script import candidate_document, candidates_text, declared_document
    from lockgate.workflows.leading import after_renames

    changes, candidates = after_renames(found.catalogs, found.changes, declared, denied)
    shown = [change for change in changes if cosmetic or not change.cosmetic]
    equal = not any(not change.cosmetic for change in found.changes)
    if TERMINAL.format == Format.JSON:
        documents = [
            compared_document(change, found.missed) if found.compared else change_document(change)
            for change in shown
        ]
        renames = [*map(declared_document, declared), *map(candidate_document, candidates)]
        TERMINAL.document("diff", {"equal": equal, "changes": documents, "renames": renames})
    elif shown or not equal:
        TERMINAL.text(changes_text(shown, indent="", cosmetic=cosmetic, missed=found.missed))
        TERMINAL.text(candidates_text(candidates))
    else:
        TERMINAL.text(f"{names} have the same structure")
    return 0 if equal else 1


def _settled(
    found: Difference, declared: tuple[Rename, ...], denied: tuple[Rename, ...]
) -> tuple[Rename, ...]:
    """The renames that are declared, and those that a person at a terminal confirms."""
    from lockgate.workflows.leading import settle_renames

    if found.catalogs is None:
        return declared
    return settle_renames(*found.catalogs, declared=declared, denied=denied, ask=person())


def _show_statements(found: Difference, led: Led, names: str, *, cosmetic: bool) -> int:
    from lockgate.report.changes import change_document, changes_text
    from lockgate.report.script import (
        declared_document,
        script_document,
        script_text,
        settled_by,
    )

    reason = None if led.failed is None else led.failed.message
    if TERMINAL.format == Format.JSON:
        settled = settled_by(led.script)
        shown = [change for change in found.changes if cosmetic or not change.cosmetic]
        content: dict[str, Any] = {  # Any: a document
            "equal": not any(not change.cosmetic for change in found.changes),
            "changes": [change_document(change) | {"sql": settled.get(change)} for change in shown],
            "renames": [declared_document(rename) for rename in led.renames],
        }
        script = script_document(led.script, proved=led.proved, left=led.left, reason=reason)
        TERMINAL.document("diff", content | script)
    else:
        TERMINAL.text(script_text(led.script))
        if led.proved and not led.script.statements:
            TERMINAL.note(f"{names} have the same structure")
        if reason is not None:
            TERMINAL.note(f"not proved: {reason}")
        elif not led.proved:
            TERMINAL.note("not proved: after these statements there is left")
            TERMINAL.note(changes_text(led.left, cosmetic=cosmetic))
    return 0 if led.proved else 1
