"""`lockgate locate`"""

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
    app.command("locate")(locate)


def locate(
    environment: Annotated[
        str | None, typer.Argument(metavar="[ENV]", help="Environment of the settings.")
    ] = None,
    restore: Annotated[
        bool, typer.Option("--restore", help="Write a lost revision file back from git.")
    ] = False,
    env: Env = None,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Find the revision that a database really is at, whatever its version table says.

    Compares the fingerprint of the structure with those in lockgate.lock, and answers at once.
    What the lock file does not know is replayed on scratch. Where no revision is exact, the
    nearest ones are named; --verbose shows the changes between. Several are exact where a
    revision only changes rows. A recorded revision without a file is looked for in git, in all
    branches, tags, stashes and reflogs. Works on a database without a mark.

    Exits with 1 unless the version table names exactly the revision that the structure is at.
    """
    speak(output, quiet, verbose)
    from lockgate.report.locate import located_document, located_text
    from lockgate.workflows import locate as workflow
    from lockgate.workflows.lost_files import bring_back

    workspace = open_workspace(config, x)
    named = environment_named(environment, env)
    located = workflow.locate(workspace, named)
    lost = tuple(one.revision for one in located.lost)
    restored = bring_back(workspace, lost) if restore else ()
    if not located.marked:
        TERMINAL.note("note: this database has no mark; `lockgate env enroll NAME` writes one")
    if output is Format.JSON:
        TERMINAL.document("locate", located_document(located, restored))
    else:
        TERMINAL.text(located_text(located, verbose=verbose))
        for path in restored:
            TERMINAL.text(f"restored {path}")
        if located.lost and not restore:
            name = f"{named} " if named else ""
            TERMINAL.note(f"bring the file back with `lockgate locate {name}--restore`")
    return 0 if located.recorded_is_exact else 1
