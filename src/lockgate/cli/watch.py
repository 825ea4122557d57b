"""`lockgate watch`"""

from __future__ import annotations

from contextlib import closing
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
    app.command("watch")(watch)


def watch(
    name: Annotated[
        str | None, typer.Argument(metavar="ENV", help="Environment of the settings.")
    ] = None,
    duration: Annotated[
        str, typer.Option("--for", metavar="DURATION", help="How long to watch.")
    ] = "5m",
    every: Annotated[
        str, typer.Option("--every", metavar="DURATION", help="Time from round to round.")
    ] = "10s",
    max_lag: Annotated[
        str, typer.Option("--max-lag", metavar="DURATION", help="How late a replica may replay.")
    ] = "30s",
    env: Env = None,
    config: Config = None,
    x: XArguments = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Watch the health of an environment after a deploy.

    Each round asks for identity, revision, functional checks, sessions blocked for longer than
    lock_timeout, transactions older than oldest_transaction, invalid indexes and replication lag;
    the structure is compared at the start, every minute, and at the end. A read-only role is
    enough.

    Exits with 1 on the first bad answer, with 3 if the database is not the one meant, with 4 if
    the connection is lost.
    """
    speak(output, quiet, verbose)
    from lockgate.cli.main import INTERRUPTED
    from lockgate.report.watch import round_text, summary_text, watch_document
    from lockgate.workflows import watch as watching
    from lockgate.workflows.destination import find_destination

    pace = watching.Pace(
        for_s=_milliseconds("--for", duration) / 1_000,
        every_s=max(_milliseconds("--every", every), 1) / 1_000,
    )
    lag_ms = _milliseconds("--max-lag", max_lag)
    rounds = []
    interrupted = False
    destination = find_destination(open_workspace(config, x), environment_named(name, env))
    try:
        with closing(watching.watch(destination, pace=pace, max_lag_ms=lag_ms)) as watched:
            for found in watched:
                rounds.append(found)
                line = round_text(found, len(rounds))
                (TERMINAL.working if TERMINAL.live else TERMINAL.done)(line)
    except KeyboardInterrupt:
        interrupted = True
    if output is Format.JSON:
        content = watch_document(destination.name, rounds, interrupted=interrupted)
        TERMINAL.document("watch", content)
    else:
        TERMINAL.text(summary_text(destination.name, rounds, interrupted=interrupted))
    if rounds and rounds[-1].bad:
        return int(max(finding.exit_status for finding in rounds[-1].bad))
    return INTERRUPTED if interrupted else 0


def _milliseconds(option: str, text: str) -> int:
    from lockgate.core.duration import parse_duration_ms

    try:
        return parse_duration_ms(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
