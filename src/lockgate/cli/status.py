"""`lockgate status`"""

from __future__ import annotations

import shutil
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


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("status")(status)


def status(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="ENV", help="Environments to show. [default: all]"),
    ] = None,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show environments side by side.

    Shows identity, revision, what is pending, drift, and what was run last. Drift is measured
    against lockgate.lock.

    Exits with 1 if one is the wrong database or its structure has drifted, with 4 if none answers,
    and else with 0: pending revisions, a missing mark and one environment out of reach are told
    and are no error.
    """
    speak(output, quiet, verbose)
    from lockgate.core.status import status_exit
    from lockgate.report.status import status_document, status_text
    from lockgate.workflows.status import status as ask

    workspace = open_workspace(config, x)
    standing = ask(workspace, tuple(names or ()))
    if output is Format.JSON:
        TERMINAL.document("status", status_document(standing))
    else:
        TERMINAL.text(
            status_text(
                standing,
                now=workspace.clock(),
                width=shutil.get_terminal_size().columns,
                colour=TERMINAL.colour,
                verbose=verbose,
            )
        )
    return int(status_exit(standing.environments))
