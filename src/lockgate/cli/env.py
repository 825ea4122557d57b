"""`lockgate env`"""

from __future__ import annotations

from typing import Annotated

import typer

from lockgate.cli.options import (
    Config,
    Output,
    Quiet,
    Verbose,
    Yes,
    confirm_by,
    open_workspace,
    speak,
)
from lockgate.cli.terminal import TERMINAL, Format

Name = Annotated[str, typer.Argument(metavar="NAME", help="Environment of the settings.")]


def register(app: typer.Typer) -> None:
    """Adds the group of commands."""
    group = typer.Typer(
        help="Environments: where each points, and the mark that proves which it is."
    )
    group.command("list")(list_environments)
    group.command("show")(show)
    group.command("enroll")(enroll)
    group.command("relabel")(relabel)
    app.add_typer(group, name="env", no_args_is_help=True)


def list_environments(
    config: Config = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """List the environments of the settings; connects to none."""
    speak(output, quiet, verbose)
    from lockgate.report.environments import list_document, list_text
    from lockgate.workflows.environments import listed

    environments = listed(open_workspace(config))
    if output is Format.JSON:
        TERMINAL.document("env-list", list_document(environments))
    else:
        TERMINAL.text(list_text(environments))


def show(
    name: Name,
    config: Config = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show where an environment really points, and what answers there."""
    speak(output, quiet, verbose)
    from lockgate.report.environments import view_document, view_text
    from lockgate.workflows import environments

    view = environments.show(open_workspace(config), name)
    if output is Format.JSON:
        TERMINAL.document("env-show", view_document(view))
    else:
        TERMINAL.text(view_text(view))
    return 0 if view.identity == "ok" else 1


def enroll(
    name: Name,
    yes: Yes = None,
    config: Config = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write the mark into the database that an environment points to."""
    speak(output, quiet, verbose)
    from lockgate.report.environments import marks_document, marks_text
    from lockgate.workflows import environments

    marks = environments.enroll(open_workspace(config), name, confirm_by(yes))
    if output is Format.JSON:
        TERMINAL.document("env-enroll", marks_document(marks))
    else:
        TERMINAL.text(marks_text(marks))


def relabel(
    name: Name,
    yes: Yes = None,
    config: Config = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Move the mark on purpose: after a restore, a copy, or a change of role."""
    speak(output, quiet, verbose)
    from lockgate.report.environments import marks_document, marks_text
    from lockgate.workflows import environments

    marks = environments.relabel(open_workspace(config), name, confirm_by(yes))
    if output is Format.JSON:
        TERMINAL.document("env-relabel", marks_document(marks))
    else:
        TERMINAL.text(marks_text(marks))
