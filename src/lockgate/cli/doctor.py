"""`lockgate doctor`"""

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
    environment_named,
    open_workspace,
    speak,
)
from lockgate.cli.terminal import TERMINAL, Format


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor")(doctor)


def doctor(
    environment: Annotated[
        str | None,
        typer.Argument(metavar="[ENV]", help="Environment of the settings. [default: all]"),
    ] = None,
    restore: Annotated[
        list[str] | None,
        typer.Option(
            "--restore", metavar="REV", help="Write the lost file of a revision back from git."
        ),
    ] = None,
    env: Env = None,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Find what is wrong with a set-up, and say the cure of each as a command.

    Looks at the revision files, the lock file and git; then at the database of ENV, at the one of
    DATABASE_URL, or else at those of all environments: their version tables, structures, ledgers,
    indexes, constraints, sequences and extensions. Changes nothing, but for --restore. A stamp is
    only advised where the structure proves it. --verbose shows the statements of a cure.

    Exits with 1 if anything is wrong.
    """
    speak(output, quiet, verbose)
    from lockgate.report.doctor import doctor_document, doctor_text
    from lockgate.workflows import doctor as workflow
    from lockgate.workflows.lost_files import bring_back

    workspace = open_workspace(config, x)
    if restore:
        for path in bring_back(workspace, tuple(restore)):
            TERMINAL.note(f"restored {path}")
    found = workflow.diagnose(workspace, environment_named(environment, env))
    if output is Format.JSON:
        document = doctor_document(found.set_up, found.findings, ok=found.ok)
        TERMINAL.document("doctor", document)
    else:
        TERMINAL.text(doctor_text(found.set_up, found.findings, verbose=verbose))
    return 0 if found.ok else 1
