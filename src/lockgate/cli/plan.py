"""`lockgate plan`"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lockgate.cli.options import (
    Config,
    Quiet,
    Verbose,
    Waive,
    XArguments,
    open_workspace,
    speak,
)
from lockgate.cli.terminal import TERMINAL, document_text


class PlanFormat(StrEnum):
    """How the plan is shown."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("plan")(plan)


def plan(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Where it would run.")],
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the plan there, as JSON."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="REV", help="Revision to end at. [default: head]")
    ] = None,
    waive: Waive = None,
    config: Config = None,
    x: XArguments = None,
    output: Annotated[PlanFormat, typer.Option("--format", help="How to show it.")] = (
        PlanFormat.TEXT
    ),
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Make a plan for an environment, and let the gates judge it.

    Changes nothing there. Reads where the environment is, tries what is pending on a scratch copy
    of its structure, and lists each statement, each gate's verdict with its reason, and the hash
    that a person approves. The hash covers the database's mark, revision and structure, the
    revisions and their statements, the timeouts, the waivers and the git commit; the file holds no
    credentials.

    Exits with 1 if a gate refuses and was not waived.
    """
    speak(output, quiet, verbose)
    from lockgate.core.gates import parse_waivers
    from lockgate.report.plan import plan_document, plan_markdown, plan_text
    from lockgate.report.plan_page import plan_html
    from lockgate.workflows.plan import make_plan
    from lockgate.workflows.workspace import write_atomically

    waivers = parse_waivers(tuple(waive or ()))
    made = make_plan(open_workspace(config, x), environment, waivers=waivers, to=to)
    if out is not None:
        write_atomically(out, document_text("plan", plan_document(made)) + "\n")
        TERMINAL.note(f"wrote {out}")
    if output is PlanFormat.JSON:
        TERMINAL.document("plan", plan_document(made))
    elif output is PlanFormat.MARKDOWN:
        TERMINAL.text(plan_markdown(made))
    elif output is PlanFormat.HTML:
        TERMINAL.text(plan_html(made))
    else:
        TERMINAL.text(plan_text(made, width=TERMINAL.width, verbose=verbose))
    return 0 if all(verdict.passes for verdict in made.verdicts) else 1
