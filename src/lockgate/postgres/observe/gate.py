"""Sees the locks that come and go within one statement, from outside and not by luck.

A statement that is its own transaction, or several (CONCURRENTLY, VACUUM), has let go of its
locks when it ends. It is stopped at doors: relations that sessions beside it hold, so that
`pg_locks` shows what it waits for and all that it has by then. A spare session queues behind it
before the door opens, and shuts it again as it passes; nothing slips through between.

All statements stop at `pg_class`, held in SHARE mode, before each write there. Some lock relations
and let them go without a write. Where that may be, each of them has a door of its own: shut
against every mode at first, then against those stronger than what was asked for. Between the stops
the locks are read as fast as the server answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import psycopg

from lockgate.core.effect import LockMode
from lockgate.core.url import DatabaseUrl
from lockgate.errors import LockgateError
from lockgate.postgres.connect import connect_unchecked
from lockgate.postgres.observe.doors import PG_CLASS, Door, Doors
from lockgate.postgres.observe.manner import Manner
from lockgate.postgres.observe.witness import mode_of, query

MOST_DOORS = 40
"""Sessions that hold a relation each; a server takes 100 unless it is told otherwise."""

LONGEST_PAUSE_S = 0.005

Passed = dict[int, frozenset[LockMode]]
"""The modes of the locks that were seen, by the oid of the relation."""


class Gate:
    """Sessions beside the one that is observed: a reader, and those that hold relations.

    `sees_all` turns False where the login may not shut pg_class: what came and went between two
    looks is then not known. `has_all_doors` is whether the last statement that was watched met a
    door wherever it may have locked something for a moment.
    """

    def __init__(self, url: DatabaseUrl, stack: ExitStack) -> None:
        self.url = url
        self.stack = stack
        self.sees_all = True
        self.has_all_doors = True
        self.sessions: list[psycopg.Connection] = []
        self.reader, *_ = self.beside(3)

    def beside(self, number: int) -> list[psycopg.Connection]:
        """So many sessions, or as many as the server takes; the first is the reader."""
        while len(self.sessions) < number:
            try:
                connected = connect_unchecked(self.url, purpose="observe")
                self.sessions.append(self.stack.enter_context(connected)[0])
            except LockgateError:
                if len(self.sessions) < 3:
                    raise
                break
        return self.sessions[:number]

    @contextmanager
    def watching(self, pid: int, manner: Manner, *, likely: Sequence[str] = ()) -> Iterator[Passed]:
        """Watches the session `pid` while the block runs; what it saw is there at the end.

        `likely` are the relations that get a door first, of those that may be without a write.
        """
        passed: Passed = {}
        watch = _Watch(self, pid, manner)
        watch.begin(likely)
        thread = Thread(target=watch.run, name="lockgate gate", daemon=True)
        thread.start()
        try:
            yield passed
        finally:
            watch.over.set()
            thread.join()
            passed.update({oid: frozenset(modes) for oid, modes in watch.seen.items()})
        if watch.error is not None:
            raise watch.error


@contextmanager
def open_gate(url: DatabaseUrl) -> Iterator[Gate]:
    """A Gate in the database at `url`. Raises as `connect_unchecked`."""
    with ExitStack() as stack:
        yield Gate(url, stack)


_WORKS = LockMode.SHARE_UPDATE_EXCLUSIVE
"""From this mode on VACUUM works; it would yield what comes after to a door that shuts again."""


class _Watch:
    """One statement being watched."""

    def __init__(self, gate: Gate, pid: int, manner: Manner) -> None:
        self.gate = gate
        self.reader = gate.reader
        self.pid = pid
        self.manner = manner
        self.doors = Doors(*gate.sessions[1:3])
        self.seen: dict[int, set[LockMode]] = {}
        self.queued: set[int] = set()
        self.at_pg_class = True
        self.over = Event()
        self.error: psycopg.Error | None = None

    def begin(self, likely: Sequence[str]) -> None:
        """Shuts the doors before the statement starts; only a superuser may."""
        shut = self.doors.at[PG_CLASS]
        shut.send()
        found = self.gate.reader.execute(query("holding"), self._asked(likely)).fetchall()
        self.gate.sees_all = shut.is_shut()
        self.gate.has_all_doors = True
        if not self.gate.sees_all:
            self.doors.open_all()
        elif found and not self.manner.skipping:
            self._shut_more(found)

    def _asked(self, likely: Sequence[str]) -> dict[str, object]:
        return {
            "everywhere": self.manner.everywhere,
            "named": self.manner.named,
            "likely": [name for name in likely if name != "?"],
            "most": MOST_DOORS + 1,
        }

    def _shut_more(self, found: Sequence[tuple[int, str, bool]]) -> None:
        sessions = self.gate.beside(3 + min(len(found), MOST_DOORS))[3:]
        doors = [
            Door(oid, lock, session)
            for (oid, lock, _), session in zip(found, sessions, strict=False)
        ]
        self.doors.add(doors)
        counts = [oid for oid, _, is_likely in found if is_likely or self.manner.everywhere]
        self.gate.has_all_doors = self.doors.at.keys() >= set(counts)

    def run(self) -> None:
        """Reads the locks again and again until the statement is over."""
        try:
            self._read_and_let_pass()
        except psycopg.Error as error:
            self.error = error
        finally:
            self.doors.open_all()

    def _read_and_let_pass(self) -> None:
        pause_s, on_its_way = 0.0, True
        while not self.over.is_set():
            if not self._is_stopped():
                on_its_way = True
            elif self._let_pass(again=on_its_way):
                pause_s, on_its_way = 0.0, False
                continue
            # A statement of a second is asked 200 times a second, one of a millisecond always.
            self.over.wait(pause_s)
            pause_s = min(pause_s + 0.00002, LONGEST_PAUSE_S)

    def _is_stopped(self) -> bool:
        """Whether the statement waits for a lock; this asks for less than a look at all locks.

        Where it meets no door it is looked at all the time.
        """
        if not self.doors.at:
            self._look()
            return False
        answer = self.reader.execute(query("stopped"), (self.pid,)).fetchone()
        return answer is not None and bool(answer[0])

    def _look(self) -> tuple[int, LockMode] | None:
        """Keeps the locks that the statement has at this moment; what it waits for, if it does.

        Relation 0 is another's transaction. A weak lock is in the server's fast path, which it
        reads before the others: it is sure to be seen only by a look that begins when the
        statement has stopped already.
        """
        waits = None
        spare = self.doors.spare.info.backend_pid
        self.queued = set()
        for pid, oid, mode, granted in self.reader.execute(
            query("sampled"), ([self.pid, spare],)
        ).fetchall():
            if pid == spare:
                self.queued.add(oid)
                continue
            if oid not in (PG_CLASS, 0):
                self.seen.setdefault(oid, set()).add(mode_of(mode))
            if not granted:
                waits = oid, mode_of(mode)
        return waits

    def _let_pass(self, *, again: bool) -> bool:
        """Lets the statement go by where it has stopped; whether that was a door.

        Where it stops `again` after it went on, it is likely to be at pg_class as before, and the
        spare goes there at once.
        """
        likely = self.doors.at.get(PG_CLASS) if again and self.at_pg_class else None
        if likely is not None:
            self.doors.queue_behind(likely)
        waits = self._look()
        self.at_pg_class = waits is not None and waits[0] == PG_CLASS
        if likely is not None and not self.at_pg_class:
            self._wait_for_spare(likely)
            self.doors.step_back()
        if waits is None:
            return False
        if waits[0] == 0:
            return self._make_way()
        door = self.doors.at.get(waits[0])
        if door is None:
            return False
        door.asked.add(waits[1])
        if self._yields(door, waits[1]):
            self.doors.open(door)
            return True
        if not (likely is door or self.doors.queue_behind(door)):
            self.doors.open(door)
            return True
        self._wait_for_spare(door)  # behind the statement, so that it cannot come by twice
        self.doors.turn(door)
        return True

    def _wait_for_spare(self, door: Door) -> None:
        """Goes on when the spare stands in the queue at `door`, or has got it."""
        while door.oid not in self.queued and self.doors.is_queueing():
            self._look()

    def _yields(self, door: Door, mode: LockMode) -> bool:
        works = mode.strength >= _WORKS.strength
        return self.manner.yields and door.oid != PG_CLASS and works

    def _make_way(self) -> bool:
        """Ends the transactions that the statement waits for; others hold what they held."""
        pids = {pid for (pid,) in self.reader.execute(query("waited_for"), (self.pid,)).fetchall()}
        mine = [door for door in self.doors.at.values() if door.keeper.info.backend_pid in pids]
        for door in mine:
            self.doors.hand_over(door)
        return bool(mine)
