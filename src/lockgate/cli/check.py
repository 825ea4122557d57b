"""`lockgate check`"""

from __future__ import annotations

from typing import Annotated

import typer

from lockgate.cli.options import (
    Config,
    Output,
    Quiet,
    ScratchMajor,
    Verbose,
    XArguments,
    open_workspace,
    speak,
)
from lockgate.cli.terminal import TERMINAL, Format


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("check")(check)


def check(
    everything: Annotated[
        bool, typer.Option("--all", help="Rehearse also what the lock file has already.")
    ] = False,
    postgres: ScratchMajor = None,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Ask all that CI should, from heads to models.

    Needs no environment and no credentials: it works on a scratch server, and on none where
    lockgate.lock proves the answer. It asks that there is one head, that every revision file is
    as lockgate.lock has it, that lint has nothing against what the lock file has not as
    rehearsed, that this goes up, down and up again, that the models make the schema that the
    revisions make, and that replaying still reaches the lock file's fingerprint. It changes
    no file that is committed.

    A difference between models and revisions that Alembic's autogenerate does not see says so.
    The revisions are not replayed where lockgate.lock has the models' fingerprint for the head
    already, and no server is asked where it has the digest of the models' statements, too,
    unless with --all.

    Exits with 1 if a finding is an error. A difference in what metadata cannot hold, such as a
    view or a trigger, is a warning.
    """
    speak(output, quiet, verbose)
    from lockgate.report.check import check_document, check_text
    from lockgate.workflows.check import check as run

    found = run(open_workspace(config, x), major=postgres, everything=everything)
    if output is Format.JSON:
        content = check_document(
            found.server,
            found.findings,
            ok=found.ok,
            models_match=found.models_match,
            models_changes=found.models_changes,
            models_missed=found.models_missed,
        )
        TERMINAL.document("check", content)
    else:
        text = check_text(found.server, found.findings, found.models_match, width=TERMINAL.width)
        TERMINAL.text(text)
    return 0 if found.ok else 1
