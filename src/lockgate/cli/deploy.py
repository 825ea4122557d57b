"""`lockgate deploy`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lockgate.cli.options import (
    Config,
    Output,
    Quiet,
    Verbose,
    Waive,
    XArguments,
    Yes,
    confirm_by,
    open_workspace,
    speak,
)
from lockgate.cli.terminal import TERMINAL, Format

if TYPE_CHECKING:
    from lockgate.core.plan import Plan


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("deploy")(deploy)


def deploy(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Where to deploy.")],
    plan_file: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", help="Plan to run. [default: a fresh one]"),
    ] = None,
    approve: Annotated[
        str | None,
        typer.Option("--approve", metavar="HASH", help="Run if this is the plan's hash."),
    ] = None,
    yes: Yes = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="REV", help="Revision to end at. [default: head]")
    ] = None,
    waive: Waive = None,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Plan, show, ask, run and prove: takes an environment to the head."""
    speak(output, quiet, verbose)
    from lockgate.core.gates import parse_waivers
    from lockgate.report.plan import deployed_document, deployed_text, plan_text
    from lockgate.workflows import deploy as workflow

    def show(plan: Plan) -> None:
        if output is Format.TEXT:
            TERMINAL.text(plan_text(plan, verbose=verbose))

    def ask(plan: Plan) -> None:
        if approve is not None:
            workflow.require_hash(plan, approve)
        else:
            confirm_by(yes)(environment, f"deploy {plan.hash} to {environment}")

    done = workflow.deploy(
        open_workspace(config, x),
        environment,
        plan_file=plan_file,
        to=to,
        waivers=parse_waivers(tuple(waive or ())),
        show=show,
        approve=ask,
    )
    if output is Format.JSON:
        TERMINAL.document("deploy", deployed_document(done.plan, done.outcome, done.checks))
    else:
        TERMINAL.text("\n" + deployed_text(done.plan, done.outcome, done.checks, verbose=verbose))
    return 0 if done.healthy else 1
