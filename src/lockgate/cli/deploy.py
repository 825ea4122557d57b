"""`lockgate deploy`"""

from __future__ import annotations

import sys
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
    """Take an environment to the head: plan, ask, run, prove.

    Makes a plan as `lockgate plan` does, or takes one from a file and refuses it if anything that
    it is bound to has moved. Shows it, asks the gates, and then asks for the environment's name; a
    script gives --approve with the plan's hash, or --yes with the name. Runs each revision in its
    own transaction under the deploy lock. Afterwards new connections must find the revision and
    the structure that the plan ends at, and the functional checks of the settings are run.

    Exits with 1 if a gate refuses, the plan has moved or is not approved, with nothing done; also
    if all ran but a check failed or the structure is another one. With 5 if it failed and was
    rolled back, with 6 if it stopped after something that lasts, with 7 if a lock was not obtained
    or somebody else is deploying.
    """
    speak(output, quiet, verbose)
    from lockgate.core.gates import parse_waivers
    from lockgate.report.plan import deployed_document, deployed_text, plan_text
    from lockgate.workflows import deploy as workflow

    def show(plan: Plan) -> None:
        text = plan_text(plan, width=TERMINAL.width, verbose=verbose)
        if output is Format.TEXT:
            TERMINAL.text(text)
        elif sys.stdin.isatty():
            TERMINAL.note(text)  # stdout is for the one document

    def ask(plan: Plan) -> None:
        if approve is not None:
            workflow.require_hash(plan, approve)
        elif yes is None and not sys.stdin.isatty():
            raise workflow.ApprovalMissing(environment, plan.hash)
        if approve is None or yes is not None:
            confirm_by(yes)(environment, f"deploy this plan to {environment}")

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
