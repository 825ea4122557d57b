"""`lockgate history`"""

from __future__ import annotations

from typing import Annotated

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
from lockgate.cli.terminal import TERMINAL, Format


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("history")(history)


def history(
    rev_range: Annotated[
        str | None,
        typer.Option("--rev-range", "-r", help="Revision range; format is [start]:[end]."),
    ] = None,
    indicate_current: Annotated[
        bool, typer.Option("--indicate-current", "-i", help="Mark the current revision.")
    ] = False,
    env: Env = None,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """List revisions, newest first.

    Alembic's own answer, from the revision files. Asks a database only for --indicate-current and
    for a range with `current` in it.
    """
    speak(output, quiet, verbose)
    from lockgate.core.revisions import Detail, history_text
    from lockgate.report.revisions import revision_document
    from lockgate.workflows import history as workflow

    summaries = workflow.history(
        open_workspace(config, x), rev_range, environment=env, indicate_current=indicate_current
    )
    if output is Format.JSON:
        TERMINAL.document("history", {"revisions": [revision_document(s) for s in summaries]})
    else:
        detail = Detail.VERBOSE if verbose else Detail.SHORT
        TERMINAL.text(history_text(summaries, detail, indicate_current=indicate_current))
