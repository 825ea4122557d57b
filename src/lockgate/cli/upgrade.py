"""`lockgate upgrade`"""

from __future__ import annotations

from typing import Annotated

import typer

from lockgate.cli.options import (
    Config,
    Env,
    Output,
    Quiet,
    Tag,
    Verbose,
    XArguments,
    open_workspace,
    speak,
)
from lockgate.cli.terminal import TERMINAL, Format


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("upgrade")(upgrade)


def upgrade(
    revision: Annotated[str, typer.Argument(help="Where to, as in Alembic.")] = "head",
    env: Env = None,
    config: Config = None,
    x: XArguments = None,
    tag: Tag = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run revisions up to a target on development or staging, and prove the result."""
    speak(output, quiet, verbose)
    from lockgate.report.outcome import outcome_document, outcome_text
    from lockgate.workflows.upgrade import upgrade as run

    destination, outcome = run(open_workspace(config, x), env, revision, tag=tag)
    if output is Format.JSON:
        TERMINAL.document("upgrade", outcome_document(destination.name, outcome))
    else:
        TERMINAL.text(outcome_text(destination.name, outcome, verbose=verbose))
