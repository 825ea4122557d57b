"""Runs the functional checks that the settings name for an Environment.

A check is SQL with an expected answer, run on a connection whose identity was proved, or a command
of the team's own. A command runs in the settings' folder, without a shell, and finds the
Environment's name in LOCKGATE_ENVIRONMENT and its URL, password included, in DATABASE_URL (or the
variable that `url_variable` names): it is the team's program, and has to know where to look.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from urllib.parse import quote

from lockgate.core.duration import format_duration
from lockgate.core.environment import Check
from lockgate.core.health import CheckResult
from lockgate.core.url import SECRET_PARAMETERS, DatabaseUrl
from lockgate.postgres import health
from lockgate.postgres.connect import Checked
from lockgate.workflows.destination import Destination

NAME_VARIABLE = "LOCKGATE_ENVIRONMENT"


def run_checks(destination: Destination) -> tuple[CheckResult, ...]:
    """The answers of all functional checks of `destination`, in the order of the settings.

    Raises a WrongDatabase, NotReachable or ConnectionLost; a check that fails is an answer.
    """
    if destination.environment is None or not destination.environment.checks:
        return ()
    with destination.connected(purpose=f"check {destination.name}") as checked:
        first = next(iter(checked.values()))
        with health.answering(first.connection, url=destination.primary.redacted()):
            return answer_checks(destination, first)


def answer_checks(destination: Destination, first: Checked) -> tuple[CheckResult, ...]:
    """The same on a connection to the first database that is open already."""
    checks = destination.environment.checks if destination.environment else ()
    return tuple(
        health.answer_check(first.connection, check)
        if check.sql is not None
        else _run_command(destination, check)
        for check in checks
    )


def _run_command(destination: Destination, check: Check) -> CheckResult:
    assert check.command is not None
    started = time.perf_counter()
    reason = _failure(destination, check.command, check.timeout_ms)
    return CheckResult(check.name, reason, (time.perf_counter() - started) * 1_000)


def _failure(destination: Destination, command: str, timeout_ms: int) -> str | None:
    """Why the command did not end with status 0, with the last line that it printed; or None."""
    workspace = destination.workspace
    url = destination.primary.with_driver(None)
    environ = dict(workspace.environ) | {
        NAME_VARIABLE: destination.name,
        workspace.settings.url_variable: url.render(),
    }
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        return f"the command cannot be read: {error}"
    try:
        # A session of its own, so that what the command starts in turn can be ended with it.
        process = subprocess.Popen(
            arguments,
            cwd=workspace.settings.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, IndexError) as error:
        return f"the command cannot be started: {getattr(error, 'strerror', None) or 'it is empty'}"
    with process:
        try:
            printed = process.communicate(timeout=timeout_ms / 1_000)[0]
        except subprocess.TimeoutExpired:
            _end(process)
            return f"it took longer than {format_duration(timeout_ms)}"
        except BaseException:
            _end(process)
            raise
    if process.returncode == 0:
        return None
    lines = [line for line in printed.decode(errors="replace").splitlines() if line.strip()]
    said = f": {_scrubbed(lines[-1].strip(), url)[:200]}" if lines else ""
    return f"it ended with status {process.returncode}{said}"


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _scrubbed(text: str, url: DatabaseUrl) -> str:
    """`text` without any secret of `url`, plain or as it is written in a URL."""
    secrets = [value for name, value in url.parameters if name in SECRET_PARAMETERS]
    for secret in (url.password, *secrets):
        if secret:
            for spelling in (secret, quote(secret, safe=""), quote(secret)):
                text = text.replace(spelling, "***")
    return text
