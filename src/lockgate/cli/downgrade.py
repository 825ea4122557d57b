"""`lockgate downgrade`"""

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
    show_outcome,
    speak,
)
from lockgate.cli.terminal import Format


def register(app: typer.Typer) -> None:
    """Adds the command."""
    # Alembic takes `downgrade -1`; an argument that looks like an option has to get through.
    app.command("downgrade", context_settings={"ignore_unknown_options": True})(downgrade)


def downgrade(
    revision: Annotated[str, typer.Argument(help="Where to, as in Alembic: -1, an id, base.")],
    env: Env = None,
    config: Config = None,
    x: XArguments = None,
    tag: Tag = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run downgrades to a target on development or staging, and prove the result."""
    speak(output, quiet, verbose)
    from lockgate.workflows.downgrade import downgrade as run

    destination, outcome = run(open_workspace(config, x), env, revision, tag=tag)
    show_outcome("downgrade", destination.name, outcome)
