"""Hears the server's messages on a connection of any driver: psycopg, psycopg2, asyncpg, pg8000."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol


def speak_up(level: str = "debug1") -> str:
    """What makes the server say what it does."""
    return f"SELECT pg_catalog.set_config('client_min_messages', '{level}', false)"


class Ear(Protocol):
    """Keeps the messages of one connection."""

    def heard(self) -> tuple[str, ...] | None:
        """The messages since it was asked last, in order; None where some may be missing."""


def listen(connection: object) -> Ear:
    """An Ear on `connection`, or, where its driver shows no messages, one that never knows."""
    for layer in _layers(connection):
        if hasattr(layer, "add_notice_handler"):
            return _Kept(layer.add_notice_handler, lambda diagnostic: diagnostic.message_primary)
        if hasattr(layer, "add_log_listener"):
            return _Kept(layer.add_log_listener, lambda _, message: message.message)
        if type(layer).__module__.startswith("psycopg2"):
            return _Appended(layer)
        if hasattr(getattr(layer, "notices", None), "maxlen"):
            return _Bounded(layer.notices)
    return _Deaf()


def _layers(
    connection: Any,
) -> Iterator[Any]:  # Any: a driver's own, or what SQLAlchemy wraps it in
    yield connection
    inner = getattr(connection, "_connection", None)
    if inner is not None:
        yield inner


class _Kept:
    """For drivers that call back for each message."""

    def __init__(
        self, add: Callable[[Callable[..., None]], Any], text: Callable[..., str | None]
    ) -> None:
        self.messages: list[str] = []

        def keep(*given: Any) -> None:
            self.messages.append(text(*given) or "")

        add(keep)

    def heard(self) -> tuple[str, ...] | None:
        """All of them."""
        heard = tuple(self.messages)
        self.messages.clear()
        return heard


class _Appended(list[str]):
    """Stands where psycopg2 appends messages, each as psql would print it."""

    def __init__(self, connection: Any) -> None:
        super().__init__()
        self.messages: list[str] = []
        connection.notices = self

    def append(self, message: str) -> None:
        """Keeps it from whoever empties the list, as SQLAlchemy does."""
        super().append(message)
        self.messages.append(message.partition(":  ")[2].removesuffix("\n"))

    def heard(self) -> tuple[str, ...] | None:
        """All of them."""
        heard = tuple(self.messages)
        self.messages.clear()
        return heard


class _Bounded:
    """For pg8000, which keeps the last messages in a deque."""

    def __init__(self, notices: Any) -> None:
        self.notices = notices

    def heard(self) -> tuple[str, ...] | None:
        """None once the deque was full."""
        full = len(self.notices) == self.notices.maxlen
        heard = tuple(notice.get(b"M", b"").decode(errors="replace") for notice in self.notices)
        self.notices.clear()
        return None if full else heard


class _Deaf:
    def heard(self) -> tuple[str, ...] | None:
        """Nothing is known."""
        return None
