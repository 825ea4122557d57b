"""A sequence that is behind its column: the next insert meets a value that is there."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.ddl.text import literal
from lockgate.core.finding import Finding, Severity
from lockgate.core.probes import SequencePlace, SetUp

NAME = "sequence"
ORDER = 110


def examine(set_up: SetUp) -> Iterator[Finding]:
    """Which one, and the statement that brings it up to its column."""
    for one in set_up.databases:
        for place in one.sequences:
            if place.largest is None:
                yield Finding(
                    "LG-DOC-14",
                    NAME,
                    f"{one.title}: whether {place.sequence} is behind {place.column} is not known, "
                    "for no index leads to the largest value",
                    "create an index on the column, or compare the two by hand",
                    Severity.INFO,
                )
            elif _behind(place):
                yield Finding(
                    "LG-DOC-13",
                    NAME,
                    f"{one.title}: {place.sequence} gives {place.next_value} next, "
                    f"but {place.column} has {place.largest} already",
                    f"run `SELECT setval({literal(place.sequence)}, {place.largest})`",
                )


def _behind(place: SequencePlace) -> bool:
    assert place.largest is not None
    if place.ascending:
        return place.next_value <= place.largest
    return place.next_value >= place.largest
