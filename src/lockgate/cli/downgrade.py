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
    """Run downgrades on development or staging, and prove the result.

    Works as `lockgate upgrade`, the other way. Production is refused: there, a change is undone by
    a further revision, which is rehearsed and deployed like any other.

    Exits with 3 on production, with 5 if a revision failed and was rolled back, with 6 if it
    stopped after something that lasts, with 7 if a lock was not obtained within the budget or
    somebody else is at work there.
    """
    speak(output, quiet, verbose)
    from lockgate.workflows.downgrade import downgrade as run

    destination, outcome = run(open_workspace(config, x), env, revision, tag=tag)
    show_outcome("downgrade", destination.name, outcome)
