"""The options that every command has, and what they open."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lockgate.cli.terminal import TERMINAL, Format

if TYPE_CHECKING:
    from lockgate.core.outcome import Outcome
    from lockgate.workflows.workspace import Workspace

Env = Annotated[
    str | None,
    typer.Option(
        "--env",
        metavar="NAME",
        help="Environment of the settings. Without it, DATABASE_URL and the mark decide.",
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings file. [default: the nearest lockgate.toml or pyproject.toml]",
    ),
]
Output = Annotated[Format, typer.Option("--format", help="How to show the result.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Results and errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="More detail; tracebacks.")]
XArguments = Annotated[
    list[str] | None,
    typer.Option("-x", metavar="KEY=VALUE", help="Argument for env.py, as with `alembic -x`."),
]
Range = Annotated[
    str | None,
    typer.Argument(
        metavar="[RANGE]",
        help="REV, A:B, head, +1 or -1, as in Alembic. [default: what is pending]",
    ),
]
Rows = Annotated[
    float | None,
    typer.Option(
        "--rows", metavar="SHARE", help="Fill scratch with made-up rows, 0.1 for a tenth."
    ),
]
FromBase = Annotated[
    bool, typer.Option("--from-base", help="Begin at base even if a database is named.")
]
ScratchMajor = Annotated[
    int | None,
    typer.Option("--postgres", metavar="MAJOR", help="PostgreSQL of the scratch server."),
]
TargetEnv = Annotated[
    str | None,
    typer.Option("--env", metavar="NAME", help="Environment whose structure and sizes count."),
]
Schema = Annotated[
    Path | None,
    typer.Option("--schema", metavar="FILE", help="Statements that made what exists, as a dump."),
]
PgVersion = Annotated[
    int | None,
    typer.Option(
        "--pg-version",
        min=14,
        max=18,
        metavar="N",
        help="Major of PostgreSQL, 14 to 18. [default: the environment's, or 18]",
    ),
]
Tag = Annotated[
    str | None, typer.Option("--tag", help="Arbitrary tag that env.py may read, as in Alembic.")
]
Waive = Annotated[
    list[str] | None,
    typer.Option(
        "--waive", metavar="GATE=REASON", help="Pass a gate by; the ledger keeps the reason."
    ),
]
Yes = Annotated[
    str | None,
    typer.Option("--yes", metavar="NAME", help="Confirm by the environment's name; for scripts."),
]


def refuse_both(schema: Path | None, environment: str | None) -> None:
    """What exists is what a file makes or what a database holds."""
    if schema is not None and environment is not None:
        raise typer.BadParameter("give --schema or --env, and not both")


def speak(output: str, quiet: bool, verbose: bool) -> None:
    """Sets the terminal up from a command's options."""
    TERMINAL.format = output
    TERMINAL.quiet = quiet
    TERMINAL.verbose = verbose


def open_workspace(config: Path | None, x_arguments: list[str] | None = None) -> Workspace:
    """The workspace of the settings file that holds here."""
    from lockgate.config import find_settings, load_settings
    from lockgate.workflows.workspace import Workspace

    path = config if config is not None else find_settings(Path.cwd())
    return Workspace(
        load_settings(path),
        environ=dict(os.environ),
        x_arguments=tuple(x_arguments or ()),
        progress=TERMINAL,
    )


def show_outcome(command: str, environment: str, outcome: Outcome) -> None:
    """Prints what running revisions came to, in the format that was asked for."""
    from lockgate.report.outcome import outcome_document, outcome_text

    if TERMINAL.format == Format.JSON:
        TERMINAL.document(command, outcome_document(environment, outcome))
    else:
        TERMINAL.text(outcome_text(environment, outcome, verbose=TERMINAL.verbose))


def confirm_by(yes: str | None) -> Confirmation:
    """A question that asks for the environment's name, or takes it from --yes."""
    return Confirmation(yes)


class Confirmation:
    """Asks a person to type the environment's name."""

    def __init__(self, yes: str | None) -> None:
        self.yes = yes

    def __call__(self, name: str, what: str) -> None:
        """Returns if `name` was typed or given; raises NotConfirmed."""
        from lockgate.workflows.environments import NotConfirmed

        answer = self.yes
        if answer is None:
            if not sys.stdin.isatty():
                raise NotConfirmed(name, None)
            TERMINAL.note(f"about to {what}")
            answer = TERMINAL.ask(f'type "{name}" to go on: ')
        if answer != name:
            raise NotConfirmed(name, answer)


def environment_named(positional: str | None, env: str | None) -> str | None:
    """The environment that ENV or --env names; given both, they must agree."""
    if positional is not None and env is not None and positional != env:
        raise typer.BadParameter(f'ENV is "{positional}" and --env is "{env}"; give one')
    return positional if positional is not None else env
