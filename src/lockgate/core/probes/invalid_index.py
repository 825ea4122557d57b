"""An index that a failed CREATE INDEX CONCURRENTLY left behind: writes pay, reads gain nothing."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Finding
from lockgate.core.probes import SetUp

NAME = "invalid index"
ORDER = 90


def examine(set_up: SetUp) -> Iterator[Finding]:
    """Which one, and the statement that builds it anew."""
    for one in set_up.databases:
        for index in one.invalid_indexes:
            yield Finding(
                "LG-DOC-11",
                NAME,
                f"{one.title}: index {index} is invalid: it is kept up and never used",
                f"run `REINDEX INDEX CONCURRENTLY {index}`, or drop it with "
                f"`DROP INDEX CONCURRENTLY {index}`",
                relation=index,
            )
