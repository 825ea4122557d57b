"""`command:LINE`: what a password manager's command prints, as a URL or as RDS's JSON.

The command runs without a shell, without a terminal and for a bounded time. Neither what it
printed nor its arguments are ever shown: both may hold the password.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.secrets import ReferenceMalformed, SourceContext
from lockgate.secrets._secret_text import read_secret

SCHEME = "command"
LOCAL = False
TIMEOUT_S = 30.0


@dataclass(eq=False)
class CommandFailed(LockgateError):
    """The command could not be started, took too long, failed, or printed nothing."""

    program: str
    reason: str

    code: ClassVar[str] = "LG-SEC-50"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """The program and how it ended."""
        return f'the command "{self.program}" gave no URL: {self.reason}'

    @property
    def hint(self) -> str:
        """How to see what it says."""
        return "run the command of this url by hand, in the directory of the settings"


@dataclass(eq=False)
class CommandTimeoutMalformed(LockgateError):
    """`command_timeout_s` is no number of seconds."""

    given: str

    code: ClassVar[str] = "LG-SEC-51"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What was given."""
        return f'command_timeout_s is "{self.given}"'

    @property
    def hint(self) -> str:
        """What works."""
        return "write it as a positive number of seconds, for example 30"


def resolve(reference: str, context: SourceContext) -> DatabaseUrl:
    """The database that the command line `reference` prints the login of.

    It runs in `context.directory` with `context.environ`, for at most `command_timeout_s`.

    Raises ReferenceMalformed, CommandTimeoutMalformed, CommandFailed, and as `read_secret`.
    """
    arguments = _arguments(reference)
    if not arguments or "\0" in reference:
        raise ReferenceMalformed(SCHEME, "PROGRAM ARGUMENT ..., quoted as for a shell")
    program = _presentable(arguments[0])
    printed = _printed(arguments, context)
    if isinstance(printed, Failure):
        raise CommandFailed(program, printed.reason)
    return read_secret(printed, source=f"{SCHEME}:{program}", options=context.options)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command printed nothing of use.

    An answer and not an exception, so that no exception of `subprocess` is in the chain of ours:
    those hold the command line and what was printed.
    """

    reason: str


def _arguments(reference: str) -> list[str]:
    try:
        return shlex.split(reference)
    except ValueError:
        return []


def _presentable(program: str) -> str:
    """The program's name, unless it could be a URL or a variable put in the wrong place."""
    return program if re.fullmatch(r"[\w./+-]+", program) and "//" not in program else "..."


def _printed(arguments: list[str], context: SourceContext) -> str | Failure:
    timeout_s = _timeout_s(context.options.get("command_timeout_s", ""))
    try:
        # A session of its own, so that what the command starts in turn can be ended with it.
        process = subprocess.Popen(
            arguments,
            cwd=context.directory,
            env=dict(context.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return Failure(error.strerror or "it cannot be started")
    with process:
        printed = _communicate(process, timeout_s)
    if printed is None:
        return Failure(f"it took longer than {timeout_s:g} s")
    if process.returncode != 0:
        return Failure(f"it ended with status {process.returncode}")
    text = printed.decode("utf-8", errors="surrogateescape").strip()
    return text or Failure("it printed nothing")


def _timeout_s(given: str) -> float:
    if not given:
        return TIMEOUT_S
    if not given.replace(".", "", 1).isdecimal() or float(given) == 0:
        raise CommandTimeoutMalformed(given)
    return float(given)


def _communicate(process: subprocess.Popen[bytes], timeout_s: float) -> bytes | None:
    """What the process printed; None, with all its children ended, if it takes longer."""
    try:
        return process.communicate(timeout=timeout_s)[0]
    except subprocess.TimeoutExpired:
        _end(process)
        return None
    except BaseException:
        _end(process)
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
