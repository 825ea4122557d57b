"""Relations that sessions hold, each behind a door that opens for one and shuts behind it."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg.pq import TransactionStatus

from lockgate.core.effect import LockMode

PG_CLASS = 1259
_SHUT = "LOCK TABLE pg_catalog.pg_class IN SHARE MODE"


class Door:
    """A relation that a session holds, against all modes that may follow on those `asked` for.

    `lock` is what locks it; the mode is left out where there is a choice. What is no table SQL
    locks in ACCESS EXCLUSIVE mode alone.
    """

    def __init__(self, oid: int, lock: str, keeper: psycopg.Connection) -> None:
        self.oid = oid
        self.lock = lock
        self.keeper = keeper
        self.asked: set[LockMode] = set()

    def sql(self) -> str | None:
        """What shuts it now; None where nothing can that lets pass what was asked for."""
        if self.oid == PG_CLASS:
            return self.lock
        if not self.lock.startswith("LOCK"):
            return None if self.asked else self.lock
        mode = _strongest_beside(self.asked)
        return f"{self.lock}{mode} MODE" if mode else None

    def send(self) -> None:
        """Shuts it, without waiting for that."""
        self.keeper.pgconn.send_query(f"BEGIN; {self.sql()}".encode())

    def is_shut(self) -> bool:
        """Whether it is, once that is known."""
        _drain(self.keeper)
        return self.keeper.info.transaction_status is TransactionStatus.INTRANS


class Doors:
    """All that are shut, by their oid, and the spare session, which takes the next turn."""

    def __init__(self, keeper: psycopg.Connection, spare: psycopg.Connection) -> None:
        self.at = {PG_CLASS: Door(PG_CLASS, _SHUT, keeper)}
        self.spare = spare

    def add(self, doors: Iterable[Door]) -> bool:
        """Shuts `doors`; whether all of them are."""
        doors = list(doors)
        for door in doors:
            door.send()
        shut = [door for door in doors if door.is_shut()]
        _let_go(*(door.keeper for door in doors if door not in shut))
        self.at |= {door.oid: door for door in shut}
        return len(shut) == len(doors)

    def queue_behind(self, door: Door) -> bool:
        """Lets the spare ask for `door`; whether it can be shut again."""
        sql = door.sql()
        if sql is None:
            return False
        _drain(self.spare)
        self.spare.pgconn.send_query(f"BEGIN; {sql}".encode())
        return True

    def is_queueing(self) -> bool:
        """Whether the spare has no answer yet."""
        self.spare.pgconn.consume_input()
        return bool(self.spare.pgconn.is_busy())

    def step_back(self) -> None:
        """Takes the spare out of the queue in which it stands, or from it what it got."""
        if self.is_queueing():  # before it stands there, nothing is there to be cancelled
            self.spare.cancel_safe()
        _let_go(self.spare)

    def turn(self, door: Door) -> None:
        """Opens `door` for who waits there, and leaves it to the spare."""
        _let_go(door.keeper)  # to the end, or the statement would seem to wait there once more
        door.keeper, self.spare = self.spare, door.keeper

    def hand_over(self, door: Door) -> None:
        """Lets the spare hold `door` as well, and ends the transaction that held it."""
        sql = door.sql()
        if sql is None or not door.asked:
            self.open(door)
            return
        _drain(self.spare)
        self.spare.pgconn.send_query(f"BEGIN; {sql} NOWAIT".encode())
        _drain(self.spare)
        if self.spare.info.transaction_status is TransactionStatus.INTRANS:
            self.turn(door)
        else:
            _let_go(self.spare)
            self.open(door)

    def open(self, door: Door) -> None:
        """Opens `door` for good."""
        _let_go(door.keeper)
        del self.at[door.oid]

    def open_all(self) -> None:
        """Lets go of everything."""
        _let_go(*(door.keeper for door in self.at.values()), self.spare)
        self.at.clear()


_ALL_AT = {
    LockMode.ACCESS_SHARE: LockMode.ACCESS_EXCLUSIVE,
    LockMode.ROW_SHARE: LockMode.EXCLUSIVE,
    LockMode.ROW_EXCLUSIVE: LockMode.SHARE,
    LockMode.SHARE_UPDATE_EXCLUSIVE: LockMode.SHARE_UPDATE_EXCLUSIVE,
    LockMode.SHARE: LockMode.ROW_EXCLUSIVE,
    LockMode.SHARE_ROW_EXCLUSIVE: LockMode.ROW_EXCLUSIVE,
    LockMode.EXCLUSIVE: LockMode.ROW_SHARE,
    LockMode.ACCESS_EXCLUSIVE: LockMode.ACCESS_SHARE,
}
"""The weakest mode that each conflicts with; SHARE does not conflict with itself besides."""


def _conflict(one: LockMode, other: LockMode) -> bool:
    if one is other is LockMode.SHARE:
        return False
    return other.strength >= _ALL_AT[one].strength


def _strongest_beside(asked: set[LockMode]) -> LockMode | None:
    """The strongest mode that conflicts with none of `asked`: with all that are stronger."""
    free = [mode for mode in LockMode if not any(_conflict(mode, other) for other in asked)]
    return max(free, key=lambda mode: mode.strength, default=None)


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
