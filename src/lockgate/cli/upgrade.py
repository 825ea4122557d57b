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
    show_outcome,
    speak,
)
from lockgate.cli.terminal import Format


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
    from lockgate.workflows.upgrade import upgrade as run

    destination, outcome = run(open_workspace(config, x), env, revision, tag=tag)
    show_outcome("upgrade", destination.name, outcome)
