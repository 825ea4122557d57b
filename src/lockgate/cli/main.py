"""The `lockgate` command: finds its subcommands, runs one, and turns errors into exit statuses.

A subcommand is a module of this package with a function `register(app)`.
"""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from pkgutil import iter_modules
from types import FrameType
from typing import Annotated

import typer

from lockgate import cli
from lockgate.cli.terminal import TERMINAL
from lockgate.errors import ExitStatus, LockgateError

INTERRUPTED = 128 + signal.SIGINT

# Typer exports its errors one by one and not their common base, which it may take from Click.
ClickException: type[Exception] = next(
    c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException"
)

app = typer.Typer(
    name="lockgate",
    help="Takes a change of SQLAlchemy models through DEV to PROD on PostgreSQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main() -> None:
    """Runs the command line and exits."""
    signal.signal(signal.SIGTERM, _terminate)
    for module in iter_modules(cli.__path__):
        register = getattr(import_module(f"{cli.__name__}.{module.name}"), "register", None)
        if register is not None:
            register(app)
    sys.exit(_run())


def _run() -> int:
    try:
        result = app(standalone_mode=False)
    except LockgateError as error:
        if TERMINAL.verbose:
            import traceback

            traceback.print_exception(error)
        TERMINAL.error(error)
        return int(error.exit_status)
    except ClickException as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        TERMINAL.note("interrupted: what was not committed is rolled back; run the command again")
        return INTERRUPTED
    return int(result) if isinstance(result, int) else int(ExitStatus.DONE)


def _usage(error: Exception) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "lockgate"
    words = getattr(error, "format_message", lambda: str(error))()
    if not words:  # no arguments at all: the help was asked for
        print(context.get_help() if context is not None else words)
        return int(ExitStatus.USAGE)
    print(f"error[LG-CLI-1]: {words[:1].lower()}{words[1:].rstrip('.')}", file=sys.stderr)
    print(f"hint: run `{command} --help` to see the arguments", file=sys.stderr)
    return int(ExitStatus.USAGE)


def _terminate(_: int, __: FrameType | None) -> None:
    # Like Ctrl-C: transactions roll back and locks are released on the way out.
    raise KeyboardInterrupt


@app.callback(invoke_without_command=False)
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True)
    ] = False,
) -> None:
    if version:
        from lockgate import __version__

        print(f"lockgate {__version__}")
        raise typer.Exit
