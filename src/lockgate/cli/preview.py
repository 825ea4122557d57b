"""`lockgate preview`"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from lockgate.cli.options import (
    Config,
    Env,
    FromBase,
    Quiet,
    Range,
    Rows,
    ScratchMajor,
    Verbose,
    XArguments,
    open_workspace,
    speak,
)
from lockgate.cli.terminal import TERMINAL


class PreviewFormat(StrEnum):
    """How the statements are shown."""

    TEXT = "text"
    JSON = "json"
    SQL = "sql"
    MARKDOWN = "markdown"
    HTML = "html"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("preview", context_settings={"ignore_unknown_options": True})(preview)


def preview(
    range_: Range = None,
    env: Env = None,
    from_base: FromBase = False,
    postgres: ScratchMajor = None,
    rows: Rows = None,
    config: Config = None,
    x: XArguments = None,
    output: Annotated[
        PreviewFormat, typer.Option("--format", help="sql is a script for psql.")
    ] = PreviewFormat.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show the statements of revisions as executed on scratch.

    Shows both ways, up and down. With an environment it begins at that database's revision and
    structure, without its rows, and each statement has a forecast from its sizes and traffic;
    otherwise at base. Beside what each statement did stands what the rules of lint say of it,
    weighed by that database's sizes. Revisions that read rows work. With --rows, scratch is
    filled with made-up rows like those of the environment, which lends its statistics and no row,
    and forecasts rest on what each statement took there. With --format sql it prints a script for
    psql that does the upgrade; given an environment, the script refuses every other database;
    markdown is a comment for a pull request, html a page that needs nothing beside it.

    Exits with 1 if an upgrade fails on scratch.
    """
    speak(output, quiet, verbose)
    from lockgate.report import preview as report
    from lockgate.workflows.preview import preview as run
    from lockgate.workflows.preview import script_header

    workspace = open_workspace(config, x)
    shown = run(workspace, range_, environment=env, from_base=from_base, major=postgres, rows=rows)
    if output is PreviewFormat.JSON:
        TERMINAL.document("preview", report.preview_document(shown))
    elif output is PreviewFormat.SQL:
        mark, lock_timeout_ms = script_header(workspace, env)
        TERMINAL.text(report.preview_sql(shown, mark=mark, lock_timeout_ms=lock_timeout_ms))
        if shown.error is not None:
            TERMINAL.note(f"the script ends early: {shown.error}")
    elif output is PreviewFormat.MARKDOWN:
        TERMINAL.text(report.preview_markdown(shown))
    elif output is PreviewFormat.HTML:
        TERMINAL.text(report.preview_html(shown))
    else:
        width, colour = min(TERMINAL.width, 100), TERMINAL.colour
        TERMINAL.text(report.preview_text(shown, width=width, colour=colour))
    return 0 if shown.error is None else 1
