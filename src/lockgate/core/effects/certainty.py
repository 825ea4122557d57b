"""How far a Structure is to be taken at its word: what may be otherwise than it says.

Effects lean to the safe side where little is known. Who says that a statement *must* fail leans
to the other: after code that nobody could read, what it may have touched is in doubt until it is
made anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Certainty:
    """What is in doubt and what has been made sure again, by names without their schema.

    `gone` are qualified relations that were there and were taken away. `extensions` are those
    that were made, whose objects no Structure has.
    """

    everything: bool = False
    doubted: set[str] = field(default_factory=set)
    sure: set[str] = field(default_factory=set)
    gone: set[tuple[str, str]] = field(default_factory=set)
    extensions: set[str] = field(default_factory=set)

    def doubt(self, *names: str) -> None:
        """From here on nobody knows what becomes of these."""
        self.doubted.update(names)
        self.sure.difference_update(names)

    def doubt_everything(self) -> None:
        """From here on nobody knows what is there, but for what is made after it."""
        self.everything = True
        self.sure.clear()

    def settle(self, name: str) -> None:
        """A statement has made this, or taken it away, for sure."""
        self.doubted.discard(name)
        self.sure.add(name)

    def holds(self, first: str, *others: str) -> bool:
        """Whether what the Structure says of `first`, as far as the others, is so."""
        if first in self.doubted or not self.doubted.isdisjoint(others):
            return False
        return not self.everything or first in self.sure


def columns_of(table: str) -> str:
    """The word for a table whose columns are not all known."""
    return f"columns of {table}"


def constraints_of(table: str) -> str:
    """The word for a table with constraints whose names nobody wrote down."""
    return f"constraints of {table}"


INDEXES_BY_CONVENTION = "indexes by convention"
"""The word for indexes that may go by other names than SQLAlchemy gives where no one says."""
