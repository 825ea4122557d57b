"""Revision files that cannot be put together: a copy, a lost parent, a circle."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Finding
from lockgate.core.probes import SetUp

NAME = "revision files"
ORDER = 10


def examine(set_up: SetUp) -> Iterator[Finding]:
    """What keeps the files from being read, and where a lost one is."""
    if set_up.problem is None:
        return
    found = [lost for lost in set_up.lost.values() if lost is not None]
    if not found:
        yield Finding(set_up.problem.code, NAME, set_up.problem.message, set_up.problem.hint)
    for lost in found:
        yield Finding(
            "LG-DOC-1",
            NAME,
            f"{set_up.problem.message}; git has it: {lost.commit[:12]}:{lost.path}",
            f"run `lockgate doctor --restore {lost.revision}` to bring it back",
        )
