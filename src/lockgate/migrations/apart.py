"""Runs the team's code in a copy of this process, so that nothing it does stays in this one.

It may import modules that are not forgotten, keep an engine, or change what others have made.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn


def apart(function: Callable[[], str]) -> str | None:
    """What `function` answers in a copy of this process, None where it does not come to an end."""
    reading, writing = os.pipe()
    # What waits to be printed would be printed twice.
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _answer(function, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="utf-8") as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    return answer if status == 0 else None


def _answer(function: Callable[[], str], writing: int) -> NoReturn:
    status = 1
    try:
        answer = function()
        sys.stderr.flush()
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(answer)
        status = 0
    finally:
        os._exit(status)  # what this process has to do as it ends, the other one does
