"""`lockgate rehearse`"""

from __future__ import annotations

from typing import Annotated

import typer

from lockgate.cli.options import (
    Config,
    Env,
    FromBase,
    Output,
    Quiet,
    Range,
    Rows,
    ScratchMajor,
    Verbose,
    XArguments,
    open_workspace,
    speak,
)
from lockgate.cli.terminal import TERMINAL, Format


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("rehearse", context_settings={"ignore_unknown_options": True})(rehearse)


def rehearse(
    range_: Range = None,
    env: Env = None,
    from_base: FromBase = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what the lock file has already.")
    ] = False,
    postgres: ScratchMajor = None,
    write: Annotated[bool, typer.Option("--write/--no-write", help="Update the lock file.")] = True,
    rows: Rows = None,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Run revisions up, down and up again on scratch.

    Each revision runs alone on the state before it, then all of them in one process; both must
    make the same structure. With an environment it begins at that database's revision and
    structure, otherwise at base. Without a range it takes what is pending there, or what the lock
    file has not as rehearsed in its present form. With --rows, scratch is filled with made-up rows
    like those of the environment, which lends its statistics and no row. Writes the verdicts and
    fingerprints into lockgate.lock unless --no-write is given.

    Exits with 1 if an upgrade or a downgrade fails, is missing or does not restore the structure,
    unless the revision says irreversible = "why".
    """
    speak(output, quiet, verbose)
    from lockgate.report.rehearsal import rehearsal_document, rehearsal_text
    from lockgate.workflows.rehearse import rehearse as run

    workspace = open_workspace(config, x)
    rehearsal, lock = run(
        workspace,
        range_,
        environment=env,
        from_base=from_base,
        major=postgres,
        everything=everything,
        rows=rows,
    )
    if write:
        workspace.write_lock(lock)
    if output is Format.JSON:
        TERMINAL.document("rehearse", rehearsal_document(rehearsal))
    else:
        TERMINAL.text(rehearsal_text(rehearsal, verbose=verbose))
    return 0 if rehearsal.ok else 1
