"""Sees the locks that come and go within one statement, from outside and not by luck.

A statement that is its own transaction, or several (CONCURRENTLY, VACUUM), has let go of its
locks when it ends. All of them write to `pg_class`, and a lock there in SHARE mode stops them
before each write, with every lock held that they have by then. So two sessions take turns: one
holds pg_class shut until the statement waits before it, the locks are read, the other one queues
behind the statement, and the first lets go; the statement goes on to its next write. Between the
stops the locks are read as fast as the server answers.

Some statements lock a partitioned table or index, and all partitions, and let them go without a
write: those are held in SHARE UPDATE EXCLUSIVE mode until the statement asks for them. Code that
commits may do so after any lock: while it runs, all tables are held.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from lockgate.core.effect import LockMode
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.connect import connect_unchecked
from lockgate.postgres.observe.witness import mode_of, query

PG_CLASS = 1259
SHUT = b"BEGIN; LOCK TABLE pg_catalog.pg_class IN SHARE MODE"
LONGEST_PAUSE_S = 0.005

Passed = dict[int, frozenset[LockMode]]
"""The modes of the locks that were seen, by the oid of the relation."""


class Gate:
    """Four sessions beside the one that is observed: a reader, two that shut pg_class, and one
    that holds what is partitioned.

    `sees_all` turns False where the login may not shut pg_class: what came and went between two
    looks is then not known.
    """

    def __init__(
        self,
        reader: psycopg.Connection,
        keepers: tuple[psycopg.Connection, psycopg.Connection],
        holder: psycopg.Connection,
    ) -> None:
        self.reader = reader
        self.keepers = keepers
        self.holder = holder
        self.sees_all = True

    @contextmanager
    def watching(self, pid: int, *, code: bool = False) -> Iterator[Passed]:
        """Watches the session `pid` while the block runs; what it saw is there at the end.

        `code` is whether the statement runs code that may commit.
        """
        passed: Passed = {}
        watch = _Watch(self, pid, code=code)
        watch.begin()
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
        reader, first, second, holder = (
            stack.enter_context(connect_unchecked(url, purpose="observe"))[0] for _ in range(4)
        )
        yield Gate(reader, (first, second), holder)


class _Watch:
    """One statement being watched."""

    def __init__(self, gate: Gate, pid: int, *, code: bool) -> None:
        self.gate = gate
        self.what = _ALL if code else _WITHOUT_FILE
        self.reader = gate.reader
        self.shut, self.other = gate.keepers
        self.holder = gate.holder
        self.held: dict[int, str] = {}
        self.pid = pid
        self.pids = [pid, *(keeper.info.backend_pid for keeper in gate.keepers)]
        self.seen: dict[int, set[LockMode]] = {}
        self.over = Event()
        self.error: psycopg.Error | None = None
        self.keeps_shut = True

    def begin(self) -> None:
        """Shuts pg_class before the statement starts; only a superuser may."""
        self.shut.pgconn.send_query(SHUT)
        held: dict[int, str] = dict(self.reader.execute(query("holding"), self.what).fetchall())
        _drain(self.shut)
        if self.shut.info.transaction_status is not TransactionStatus.INTRANS:
            self.keeps_shut = self.gate.sees_all = False
            _let_go(self.shut)
            return
        self.held = held
        if self.held:
            self._hold("BEGIN; SET LOCAL lock_timeout = 1", list(self.held))

    def _hold(self, first: str, oids: list[int]) -> None:
        """Locks what has no file, each behind a savepoint, so that one can be given at a time."""
        parts = [first, *(f"SAVEPOINT of_{oid}; {self.held[oid]}" for oid in oids)]
        try:
            self.holder.execute("; ".join(parts).encode())
        except (errors.LockNotAvailable, errors.UndefinedTable, errors.UndefinedObject):
            self.held = {}
            _let_go(self.holder)

    def _give(self, oid: int) -> None:
        """Lets the statement have what it waits for; what was locked since is locked again."""
        oids = list(self.held)
        again = oids[oids.index(oid) + 1 :]
        del self.held[oid]
        self._hold(f"ROLLBACK TO of_{oid}", again)

    def run(self) -> None:
        """Reads the locks again and again until the statement is over."""
        try:
            self._read_and_let_pass()
        except psycopg.Error as error:
            self.error = error
        finally:
            _let_go(self.shut, self.other, self.holder)

    def _read_and_let_pass(self) -> None:
        pause_s, waits = 0.0, self._waits_at_gate()
        while not self.over.is_set():
            if waits:
                self._let_pass()
                pause_s = 0.0
            elif pause_s:
                time.sleep(pause_s)
            # A statement of a second is read 200 times a second, one of a millisecond always.
            pause_s = min(pause_s + 0.00002, LONGEST_PAUSE_S)
            waits = self._waits_at_gate()

    def _waits_at_gate(self) -> bool:
        rows = self._look()
        return self.keeps_shut and any(
            pid == self.pid and oid == PG_CLASS and not granted for pid, oid, _, granted in rows
        )

    def _look(self) -> list[tuple[int, int, str, bool]]:
        """The locks on relations at this moment; keeps those of the statement.

        A weak lock is in the server's fast path, which it reads before the others: it is sure to
        be seen only by a look that begins when the statement has stopped already.
        """
        rows = self.reader.execute(query("sampled"), (self.pids,)).fetchall()
        for pid, oid, mode, granted in rows:
            if pid == self.pid and oid != PG_CLASS:
                self.seen.setdefault(oid, set()).add(mode_of(mode))
                if not granted and oid in self.held:
                    self._give(oid)
        return rows

    def _let_pass(self) -> None:
        """Lets the statement past one write to pg_class, and shuts it again behind it."""
        queued = self.other.info.backend_pid
        _drain(self.other)
        self.other.pgconn.send_query(SHUT)
        while not any(pid == queued and oid == PG_CLASS for pid, oid, _, _ in self._look()):
            pass  # behind the statement, so that it cannot come by twice
        _let_go(self.shut)
        self.shut, self.other = self.other, self.shut


_WITHOUT_FILE = {"all": False, "mode": "SHARE UPDATE EXCLUSIVE"}
_ALL = {"all": True, "mode": "SHARE ROW EXCLUSIVE"}
"""What is held while code runs: against every lock but those of reading."""


def _drain(keeper: psycopg.Connection) -> None:
    """Waits for what was sent to `keeper`."""
    while keeper.pgconn.get_result() is not None:
        pass


def _let_go(*keepers: psycopg.Connection) -> None:
    """Ends what `keepers` hold or wait for, all at once."""
    for keeper in keepers:
        _drain(keeper)
        if keeper.info.transaction_status is not TransactionStatus.IDLE:
            keeper.pgconn.send_query(b"ROLLBACK")
    for keeper in keepers:
        _drain(keeper)
