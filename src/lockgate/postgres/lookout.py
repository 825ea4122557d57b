"""Looks on, from sessions of lockgate's own, while the team's `env.py` uses the database.

Answers who was in the way of its sessions; and cancels what they execute when a signal comes,
since not every driver lets Python interrupt a statement.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Mapping
from types import FrameType, TracebackType
from typing import Self

import psycopg

from lockgate.postgres import session
from lockgate.postgres.session import Blocker

STOP = b"\0"


class Lookout:
    """Looks after the sessions that are added, until the end of its `with` block.

    `connections` are lockgate's own, by part. Signals are heard in the main thread only.
    """

    def __init__(self, connections: Mapping[str, psycopg.Connection], *, interval_s: float) -> None:
        self.connections = connections
        self.interval_s = interval_s
        self.blockers: tuple[Blocker, ...] = ()
        self._pids: set[tuple[str, int]] = set()
        self._thread = threading.Thread(target=self._look_on, name="lockgate lookout", daemon=True)

    def add(self, part: str, pid: int) -> None:
        """Looks after the server process `pid` of the database `part`."""
        self._pids |= {(part, pid)}

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        # Written to by the interpreter the moment a signal comes, also while the main thread
        # waits inside a driver's C code and its handlers have to wait with it.
        self._hears_signals = threading.current_thread() is threading.main_thread()
        if self._hears_signals:
            self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
            # asyncio replaces Python's own handler, and nothing but it, by one that waits for
            # the event loop; code that blocks would go on until its end.
            self._handler_before = signal.getsignal(signal.SIGINT)
            if self._handler_before is signal.default_int_handler:
                signal.signal(signal.SIGINT, _interrupt)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._hears_signals:
            signal.set_wakeup_fd(self._wakeup_before)
            signal.signal(signal.SIGINT, self._handler_before)
        os.write(self._writer, STOP)
        self._thread.join()
        os.close(self._reader)
        os.close(self._writer)

    def _look_on(self) -> None:
        while True:
            ready, _, _ = select.select([self._reader], [], [], self.interval_s)
            heard = os.read(self._reader, 256) if ready else b""
            if STOP in heard:
                return
            for part, connection in self.connections.items():
                pids = [pid for of, pid in self._pids if of == part]
                if not pids:
                    continue
                try:
                    if heard:
                        session.cancel(connection, pids)
                    else:
                        self.blockers = session.blockers(connection, pids) or self.blockers
                except psycopg.Error:
                    return  # the run itself notices that lockgate's session is gone


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
