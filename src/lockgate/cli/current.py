"""`lockgate current`"""

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
    app.command("current")(current)


def current(
    check_heads: Annotated[
        bool,
        typer.Option("--check-heads", help="Exit with 1 unless the database is at all heads."),
    ] = False,
    env: Env = None,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show the revision that a database is at.

    Runs env.py without any revision, in a session that can only read, and prints what Alembic's
    own command prints. It also works on a database without a mark, and says that it has none; a
    mark that is there must be the expected one.

    Exits with 1 if --check-heads is given and the database is not at all heads.
    """
    speak(output, quiet, verbose)
    from lockgate.core.revisions import Detail, current_text
    from lockgate.report.revisions import revision_document
    from lockgate.workflows import listing

    found = listing.current(open_workspace(config, x), env)
    if found.unmarked:
        TERMINAL.note("note: this database has no mark; `lockgate env enroll NAME` writes one")
    if output is Format.JSON:
        content = {
            "environment": found.environment,
            "marked": not found.unmarked,
            "recorded": list(found.recorded),
            "at_heads": found.at_heads,
            "revisions": [revision_document(summary) for summary in found.summaries],
        }
        TERMINAL.document("current", content)
    else:
        TERMINAL.text(current_text(found.summaries, Detail.VERBOSE if verbose else Detail.SHORT))
        if check_heads and not found.at_heads:
            TERMINAL.note("the database is not at all heads: run `lockgate upgrade`")
    return 1 if check_heads and not found.at_heads else 0
