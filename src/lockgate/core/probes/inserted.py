"""A revision that came in below one that was applied already, so that nobody runs it."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Finding
from lockgate.core.probes import Examined, SetUp

NAME = "inserted"
ORDER = 80


def examine(set_up: SetUp) -> Iterator[Finding]:
    """Which one, below what, and where."""
    for one in set_up.databases:
        if not one.ran or any(set_up.file(head) is None for head in one.heads):
            continue
        passed = set_up.ancestors(one.heads)
        first_run = _oldest(set_up, one)
        if first_run is None:
            continue
        for file in set_up.files:
            above = [
                r
                for r in one.ran
                if r != file.revision and r in passed and file.revision in set_up.ancestors((r,))
            ]
            below_first = file.revision in set_up.ancestors((first_run,))
            if file.revision not in passed or file.revision in one.ran or below_first or not above:
                continue
            yield Finding(
                "LG-DOC-10",
                NAME,
                f"{one.title} never ran {file.revision}, which stands below {above[0]}, "
                "and that is applied",
                f"run `lockgate doctor --lift {file.revision}` to put it on top",
                file=file.path,
            )


def _oldest(set_up: SetUp, one: Examined) -> str | None:
    """The first Revision that the Ledger saw; what is below it may have been applied before."""
    order = {file.revision: place for place, file in enumerate(set_up.files)}
    known = [revision for revision in one.ran if revision in order]
    return min(known, key=order.__getitem__, default=None)
