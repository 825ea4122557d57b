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
    group = typer.Typer(help="Show where environments point, and mark their databases.")
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
    """List the environments of the settings; connects to none.

    Shows name, role and url setting. Refuses a url that holds a password.
    """
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
    """Show where an environment really points, and what answers there.

    Connects, reads the mark and the facts that it is held against, and changes nothing. The url is
    shown without its password.

    Exits with 1 unless the identity is ok, so also for a database without a mark and for one that
    does not answer.
    """
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
    """Write the mark into the database that an environment points to.

    Makes the schema lockgate with the mark, the ledger and the journal. Asks for the environment's
    name first; a script gives --yes. For staging and production the mark's uuid goes into
    lockgate.lock, which is then to be committed. A database that has this mark already is left as
    it is.

    Exits with 1 if the name was not confirmed. With 3 if the database is marked as another
    environment, lies on the cluster of an environment with another role, or stands behind a
    pooler. With 4 if it is a replica.
    """
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
    """Move the mark on purpose: after a restore, a copy, or a change of role.

    Writes a new mark, with a new uuid, over the one that is there; the ledger stays and keeps what
    the database was marked as. Asks for the environment's name first; a script gives --yes.

    Exits with 1 if the name was not confirmed. With 3 if this is the very database of another
    environment of the settings, where it was enrolled, and for the other reasons that `lockgate
    env enroll` has.
    """
    speak(output, quiet, verbose)
    from lockgate.report.environments import marks_document, marks_text
    from lockgate.workflows import environments

    marks = environments.relabel(open_workspace(config), name, confirm_by(yes))
    if output is Format.JSON:
        TERMINAL.document("env-relabel", marks_document(marks))
    else:
        TERMINAL.text(marks_text(marks))
