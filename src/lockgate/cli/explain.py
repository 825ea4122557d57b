"""`lockgate explain`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lockgate.cli.options import (
    Config,
    Output,
    PgVersion,
    Quiet,
    Schema,
    TargetEnv,
    Verbose,
    XArguments,
    open_workspace,
    refuse_both,
    speak,
)
from lockgate.cli.terminal import TERMINAL, Format

if TYPE_CHECKING:
    from lockgate.workflows.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("explain")(explain)


def explain(
    sql: Annotated[
        str | None, typer.Argument(metavar="[SQL]", help="Statements, in one argument.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", help="Statements in a file; - reads stdin."),
    ] = None,
    schema: Schema = None,
    env: TargetEnv = None,
    pg_version: PgVersion = None,
    observe: Annotated[
        bool,
        typer.Option("--observe", help="Run them on a scratch server, and see what they do."),
    ] = False,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Say what statements would lock, rewrite and read, before they run.

    For each statement, which relations it locks and how strongly, which it rewrites or reads as a
    whole, which indexes it builds, whether it may run inside a transaction block, and whether it
    fails as soon as there is a row. Nothing runs, unless with --observe: it is predicted from the
    text and from what exists, and each statement is seen on what the ones before it left.

    What exists is what --schema makes, or what the database of --env holds; without either, only
    what the statements themselves make is known, and the rest is guessed to the safe side. With
    --env each statement also has a forecast, from that database's own sizes and traffic: how long
    it takes, whom it blocks for how long, and what it needs.

    With --observe each statement runs on scratch, where --schema or --env have made what exists,
    without rows; what it does there is seen, compared with the prediction, and beats it.

    Exits with 1 if one of the rules of `lockgate lint` finds an error.
    """
    speak(output, quiet, verbose)
    from contextlib import ExitStack
    from io import BytesIO

    from lockgate.core.effects import Structure
    from lockgate.core.finding import Severity
    from lockgate.report.explain import explain_document, explain_text
    from lockgate.workflows import existing
    from lockgate.workflows.explain import explain as predicted
    from lockgate.workflows.lint import Tally
    from lockgate.workflows.sql_files import opened, shown_path

    if (sql is None) == (file is None):
        raise typer.BadParameter("give statements as an argument, or a file with -f, and not both")
    refuse_both(schema, env)
    version, databases, workspace = existing.NEWEST, None, None
    if env is not None:
        workspace = open_workspace(config, x)
        structure, version, databases = existing.structure_and_sizes(workspace, env)
    elif schema is not None:
        structure = existing.structure_of_file(schema, TERMINAL)
    else:
        structure = Structure.empty()
    # On scratch there is what the statements make, and nothing else.
    structure.complete = structure.complete or observe
    version = pg_version or version
    tally = Tally(Severity.ERROR)
    observed_on = None
    with ExitStack() as stack:
        if file is not None:
            script = stack.enter_context(opened(str(file), TERMINAL))
        else:
            script = BytesIO((sql or "").encode(errors="surrogateescape"))
        name = shown_path(file) if file is not None else None
        answers = predicted(script, structure, version=version, file=name, databases=databases)
        if observe:
            from lockgate.workflows.observing import observing

            place = workspace or _project(config, x)
            server = stack.enter_context(
                observing(place, version, schema=schema, environment=env, progress=TERMINAL)
            )
            answers, observed_on = server.observed(answers), server.version
        counted = tally.counting(answers)
        if output is Format.JSON:
            TERMINAL.pieces(explain_document(counted, version))
        else:
            TERMINAL.pieces(
                explain_text(
                    counted,
                    version,
                    width=min(TERMINAL.width, 100),
                    colour=TERMINAL.colour,
                    observed_on=observed_on,
                )
            )
    return 1 if tally.reached else 0


def _project(config: Path | None, x: list[str] | None) -> Workspace | None:
    """The project that this runs in; none is needed for statements in a file."""
    from lockgate.config import SettingsMissing

    try:
        return open_workspace(config, x)
    except SettingsMissing:
        if config is not None:
            raise
        return None
