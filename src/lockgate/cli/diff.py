"""`lockgate diff`"""

from __future__ import annotations

from typing import Annotated

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
from lockgate.cli.terminal import TERMINAL, Format

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
    """
    speak(output, quiet, verbose)
    from lockgate.report.changes import change_document, changes_text, compared_document
    from lockgate.workflows.snapshot import compare_targets

    found = compare_targets(open_workspace(config, x), before, after, major=postgres)
    shown = [change for change in found.changes if cosmetic or not change.cosmetic]
    equal = not any(not change.cosmetic for change in found.changes)
    if output is Format.JSON:
        documents = [
            compared_document(change, found.missed) if found.compared else change_document(change)
            for change in shown
        ]
        TERMINAL.document("diff", {"equal": equal, "changes": documents})
    elif shown:
        TERMINAL.text(changes_text(shown, indent="", cosmetic=cosmetic, missed=found.missed))
    else:
        TERMINAL.text(f"{before} and {after} have the same structure")
    return 0 if equal else 1
