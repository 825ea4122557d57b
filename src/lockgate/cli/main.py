"""The `lockgate` command: finds its subcommands, runs one, and turns errors into exit statuses.

A subcommand is a module of this package with a function `register(app)`.
"""

from __future__ import annotations

import gc
import io
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pkgutil import iter_modules
from types import FrameType
from typing import Annotated, ClassVar

import typer

from lockgate import cli
from lockgate.cli.terminal import TERMINAL, Format
from lockgate.errors import ExitStatus, LockgateError

INTERRUPTED = 128 + signal.SIGINT

COLLECT_EVERY = 100_000
"""Objects more than before that make Python look for garbage; its own default is 700."""


@dataclass(eq=False)
class UsageWrong(LockgateError):
    """Words on the command line that no command takes."""

    words: str
    command: str

    code: ClassVar[str] = "LG-CLI-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The library's words, as an error of ours reads."""
        return f"{self.words[:1].lower()}{self.words[1:].rstrip('.')}"

    @property
    def hint(self) -> str:
        """Where the arguments are listed."""
        return f"run `{self.command} --help` to see the arguments"


@dataclass(eq=False)
class Unexpected(LockgateError):
    """An error that lockgate has no words for, so a bug of it."""

    kind: str
    words: str

    code: ClassVar[str] = "LG-BUG-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.BUG

    @property
    def message(self) -> str:
        """What Python says."""
        return f"lockgate did not expect {self.kind}: {self.words}"

    @property
    def hint(self) -> str:
        """How to see and report it."""
        return (
            "look with `lockgate log` what was done; "
            "run again with --verbose and report the traceback"
        )


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
    # A file may be named in bytes that are no text, and a terminal may lack a character.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    # What is imported stays, so that collecting among it would be a tenth of a short command.
    gc.set_threshold(COLLECT_EVERY)
    _register(sys.argv[1:2])
    status = _run()
    gc.freeze()  # for the collection as Python ends
    sys.exit(status)


def _register(words: Sequence[str]) -> None:
    """Adds the subcommand that the first word names; all of them where it names no module."""
    modules = [module.name for module in iter_modules(cli.__path__)]
    for name in [name for name in modules if name in words] or modules:
        register = getattr(import_module(f"{cli.__name__}.{name}"), "register", None)
        if register is not None:
            register(app)


def _run() -> int:
    try:
        result = app(standalone_mode=False)
    except LockgateError as error:
        return _failed(error, error)
    except ClickException as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except Exception as error:
        return _failed(Unexpected(type(error).__name__, str(error)), error)
    if result == INTERRUPTED:  # Typer's answer to Ctrl-C, without a word
        return _interrupted()
    return int(result) if isinstance(result, int) else int(ExitStatus.DONE)


def _interrupted() -> int:
    TERMINAL.note("interrupted: what was not committed is rolled back; run the command again")
    return INTERRUPTED


def _failed(error: LockgateError, cause: Exception) -> int:
    if TERMINAL.verbose:
        import traceback

        traceback.print_exception(cause)
    TERMINAL.error(error)
    return int(error.exit_status)


def _usage(error: Exception) -> int:
    context = getattr(error, "ctx", None)
    words = getattr(error, "format_message", lambda: str(error))()
    if type(error).__name__ == "NoArgsIsHelpError":
        print(words)
        return int(ExitStatus.USAGE)
    if "--format=json" in sys.argv or ("--format", "json") in pairwise(sys.argv):
        TERMINAL.format = Format.JSON  # no command got as far as to say so
    command = context.command_path if context is not None else "lockgate"
    return _failed(UsageWrong(words.replace("Value error, ", ""), command), error)


def _terminate(_: int, __: FrameType | None) -> None:
    # Like Ctrl-C: transactions roll back and locks are released on the way out.
    raise KeyboardInterrupt


def _show_version(asked: bool) -> None:
    if asked:
        from lockgate import __version__

        print(f"lockgate {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=False)
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    pass  # --version acts through its callback
