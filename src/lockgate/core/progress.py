"""How long work tells that it is alive; the command line decides what of it is shown."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears what a command is doing."""

    def working(self, what: str) -> None:
        """A piece of work begins, named as a person would: "rehearsing 3f2a upgrade"."""

    def done(self, what: str) -> None:
        """Something worth a line of its own is finished."""


class Silent:
    """Progress that nobody watches."""

    def working(self, what: str) -> None:
        """Nothing."""

    def done(self, what: str) -> None:
        """Nothing."""
