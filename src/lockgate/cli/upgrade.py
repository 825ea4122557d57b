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
    """Run revisions on development or staging, and prove the result.

    Runs env.py with its identity checked on every connection that it opens. Each revision is one
    transaction with its row in the ledger, waits lock_timeout for a lock, and is tried again
    within lock_budget. Afterwards a new connection must find the revision, and the schema changes
    are shown. Production is refused; `lockgate deploy` goes there.

    Exits with 3 on production or on another database than the one meant, with 5 if a revision
    failed and was rolled back, with 6 if it stopped after something that lasts, with 7 if a lock
    was not obtained within the budget or somebody else is at work there.
    """
    speak(output, quiet, verbose)
    from lockgate.workflows.upgrade import upgrade as run

    destination, outcome = run(open_workspace(config, x), env, revision, tag=tag)
    show_outcome("upgrade", destination.name, outcome)
