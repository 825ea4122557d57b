"""`lockgate snapshot`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lockgate.cli.options import (
    Config,
    Quiet,
    Verbose,
    XArguments,
    open_workspace,
    speak,
)
from lockgate.cli.terminal import TERMINAL, Format, document_text


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("snapshot")(snapshot)


def snapshot(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", help="An environment, a URL, a file, models, or revision:REV."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there.")
    ] = None,
    postgres: Annotated[
        int | None,
        typer.Option("--postgres", metavar="MAJOR", help="PostgreSQL for models and revisions."),
    ] = None,
    config: Config = None,
    x: XArguments = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Print the structure of a database, the models or a revision, with its fingerprint.

    The document is JSON and holds no rows and no passwords. `lockgate diff` reads it back,
    so that two databases can be compared without reaching both at once.
    """
    speak(Format.JSON, quiet, verbose)
    from lockgate.core.snapshot import snapshot_document
    from lockgate.workflows.snapshot import snapshot as read
    from lockgate.workflows.workspace import write_atomically

    catalog = read(open_workspace(config, x), target, major=postgres)
    document = snapshot_document(catalog)
    if out is None:
        TERMINAL.document("snapshot", document)
        return
    write_atomically(out, document_text("snapshot", document) + "\n")
    TERMINAL.note(f"wrote {out}: {len(catalog.objects)} objects, {catalog.fingerprint}")
