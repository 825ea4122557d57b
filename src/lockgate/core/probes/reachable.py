"""Databases that could not be asked, so that nothing can be said of them."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Finding, Severity
from lockgate.core.probes import SetUp

NAME = "reachable"
ORDER = 30


def examine(set_up: SetUp) -> Iterator[Finding]:
    """Which ones, in the words of the error."""
    for one in set_up.databases:
        if one.problem is not None:
            yield Finding(
                one.problem.code, NAME, f"{one.title}: {one.problem.message}", one.problem.hint
            )
        elif one.located is not None and one.located.missing:
            kinds = ", ".join(kind.replace("_", " ") for kind in one.located.missing)
            yield Finding(
                "LG-DOC-3",
                NAME,
                f"{one.title}: the answer is incomplete, for the login may not read {kinds}",
                "run it again with a login that may",
                Severity.WARNING,
            )
