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
    from lockgate.core.effects import Structure
    from lockgate.core.finding import Severity
    from lockgate.report.explain import explain_document, explain_text
    from lockgate.workflows import existing
    from lockgate.workflows.explain import explain as predicted

    if (sql is None) == (file is None):
        raise typer.BadParameter("give statements as an argument, or a file with -f, and not both")
    refuse_both(schema, env)
    script = sql.encode(errors="replace") if sql is not None else _read(file)
    version, databases, workspace = existing.NEWEST, None, None
    if env is not None:
        workspace = open_workspace(config, x)
        structure, version, databases = existing.structure_and_sizes(workspace, env)
    elif schema is not None:
        structure = existing.structure_of_file(schema)
    else:
        structure = Structure.empty()
    # On scratch there is what the statements make, and nothing else.
    structure.complete = structure.complete or observe
    found = predicted(
        script,
        structure,
        version=pg_version or version,
        file=str(file) if file is not None else None,
        databases=databases,
    )
    if observe:
        from lockgate.workflows.observing import observed

        place = workspace or _project(config, x)
        found = observed(found, place, schema=schema, environment=env)
    if output is Format.JSON:
        content = explain_document(found.statements, found.findings, found.version, file=found.file)
        TERMINAL.document("explain", content)
    else:
        TERMINAL.text(
            explain_text(
                found.statements,
                found.findings,
                script.decode(errors="replace"),
                found.version,
                width=min(TERMINAL.width, 100),
                colour=TERMINAL.colour,
                observed_on=found.observed_on,
            )
        )
    return 1 if any(finding.severity is Severity.ERROR for finding in found.findings) else 0


def _project(config: Path | None, x: list[str] | None) -> Workspace | None:
    """The project that this runs in; none is needed for statements in a file."""
    from lockgate.config import SettingsMissing

    try:
        return open_workspace(config, x)
    except SettingsMissing:
        if config is not None:
            raise
        return None


def _read(file: Path | None) -> bytes:
    import sys

    from lockgate.workflows.existing import read_sql

    if file is None or str(file) == "-":
        return sys.stdin.buffer.read()
    return read_sql(file)
