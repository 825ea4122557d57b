"""`lockgate heads`"""

from __future__ import annotations

from typing import Annotated

import typer

from lockgate.cli.options import Config, Output, Quiet, Verbose, open_workspace, speak
from lockgate.cli.terminal import TERMINAL, Format


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("heads")(heads)


def heads(
    resolve_dependencies: Annotated[
        bool,
        typer.Option("--resolve-dependencies", help="Treat depends_on as down revisions."),
    ] = False,
    config: Config = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """List the revisions that nothing follows.

    Alembic's own answer, from the revision files; needs no database.
    """
    speak(output, quiet, verbose)
    from lockgate.core.revisions import Detail, heads_text
    from lockgate.report.revisions import revision_document
    from lockgate.workflows import history

    summaries = history.heads(open_workspace(config), resolve_dependencies=resolve_dependencies)
    if output is Format.JSON:
        TERMINAL.document("heads", {"revisions": [revision_document(s) for s in summaries]})
    else:
        TERMINAL.text(heads_text(summaries, Detail.VERBOSE if verbose else Detail.SHORT))
