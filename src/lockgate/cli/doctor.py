"""`lockgate doctor`"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from lockgate.workflows.workspace import Workspace


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
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Write what ENV has drifted by into a revision.")
    ] = False,
    message: Annotated[
        str | None, typer.Option("--message", "-m", help="Message of that revision.")
    ] = None,
    lift: Annotated[
        str | None,
        typer.Option(
            "--lift", metavar="REV", help="Put a revision that came in below applied ones on top."
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
    indexes, constraints, sequences and extensions. Changes nothing, but for --restore, --adopt
    and --lift, which write revision files. A stamp is only advised where the structure proves it.
    --verbose shows the statements of a cure.

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
    if lift is not None:
        return _lift(workspace, lift)
    if adopt:
        return _adopt(workspace, environment_named(environment, env), message)
    found = workflow.diagnose(workspace, environment_named(environment, env))
    if output is Format.JSON:
        document = doctor_document(found.set_up, found.findings, ok=found.ok)
        TERMINAL.document("doctor", document)
    else:
        TERMINAL.text(
            doctor_text(found.set_up, found.findings, verbose=verbose, width=TERMINAL.width)
        )
    return 0 if found.ok else 1


def _lift(workspace: Workspace, revision: str) -> int:
    from lockgate.report.rehearsal import rehearsal_document, rehearsal_text
    from lockgate.workflows.lifting import lift

    rehearsal = lift(workspace, revision)
    if TERMINAL.format == Format.JSON:
        TERMINAL.document("doctor-lift", rehearsal_document(rehearsal))
    else:
        TERMINAL.text(rehearsal_text(rehearsal))
    said = "stands on top now" if rehearsal.ok else "stays where it was: the rehearsal is not well"
    TERMINAL.note(f"{revision} {said}")
    return 0 if rehearsal.ok else 1


def _adopt(workspace: Workspace, environment: str | None, message: str | None) -> int:
    from lockgate.cli.revision import written_of
    from lockgate.report.revision import new_revision_document, new_revision_text
    from lockgate.workflows.adopting import adopt

    if environment is None:
        raise typer.BadParameter("--adopt needs the name of an environment")
    adopted = adopt(workspace, environment, message)
    new, authored = adopted.new, adopted.new.authored
    written = replace(written_of(new), left=adopted.left)
    if TERMINAL.format == Format.JSON:
        TERMINAL.document("doctor-adopt", new_revision_document(written))
    else:
        TERMINAL.text(new_revision_text(written))
    if adopted.left or new.rehearsal is None or not new.rehearsal.ok:
        return 1
    TERMINAL.note(
        f"{environment} has this already: run `lockgate stamp {authored.revision} "
        f"--env {environment}`, and put it into the models"
    )
    return 0
