"""`lockgate log`"""

from __future__ import annotations

from typing import Annotated

import typer

from lockgate.cli.options import (
    Config,
    Env,
    Output,
    Quiet,
    Verbose,
    environment_named,
    open_workspace,
    speak,
)
from lockgate.cli.terminal import TERMINAL, Format


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("log")(log)


def log(
    name: Annotated[
        str | None, typer.Argument(metavar="ENV", help="Environment of the settings.")
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Check the whole hash chain; exit with 1 if it is broken."),
    ] = False,
    last: Annotated[
        int, typer.Option("-n", min=0, metavar="N", help="Show the newest N rows; 0 for all.")
    ] = 20,
    env: Env = None,
    config: Config = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show the ledger: what was run there, by whom, how it ended.

    The newest row comes first. With --verbose also every statement with its duration. With
    --verify it reads the whole chain of hashes and names each row that was changed or is missing.

    Exits with 1 if the chain is broken.
    """
    speak(output, quiet, verbose)
    from lockgate.report.log import log_document, log_text, verdict_text
    from lockgate.workflows.ledger_log import read_log

    views = read_log(
        open_workspace(config), environment_named(name, env), last=last or None, check=verify
    )
    if output is Format.JSON:
        TERMINAL.document("log", log_document(views))
    else:
        TERMINAL.text(log_text(views, verbose=verbose))
        for view in views:
            TERMINAL.text(verdict_text(view))
    return 1 if any(view.faults for view in views) else 0
