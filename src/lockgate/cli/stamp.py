"""`lockgate stamp`"""

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
    Yes,
    confirm_by,
    open_workspace,
    show_outcome,
    speak,
)
from lockgate.cli.terminal import Format


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("stamp")(stamp)


def stamp(
    revisions: Annotated[list[str], typer.Argument(help="One or more revisions, or heads.")],
    purge: Annotated[
        bool, typer.Option("--purge", help="Erase the version table before stamping.")
    ] = False,
    env: Env = None,
    config: Config = None,
    x: XArguments = None,
    tag: Tag = None,
    yes: Yes = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Set the version table without running anything.

    Writes a row into the ledger, and forgets a revision that was cut off: who stamps says what is
    so. Production is refused, unless its structure is exactly that of the revision, as `lockgate
    locate` finds it; then the environment's name is asked for.

    Exits with 3 on production otherwise, with 7 if somebody else is at work there.
    """
    speak(output, quiet, verbose)
    from lockgate.workflows.stamp import stamp as run

    destination, outcome = run(
        open_workspace(config, x),
        env,
        tuple(revisions),
        purge=purge,
        tag=tag,
        confirm=confirm_by(yes),
    )
    show_outcome("stamp", destination.name, outcome)
