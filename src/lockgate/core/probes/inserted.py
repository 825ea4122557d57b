"""A revision that came in below one that was applied already, so that nobody runs it."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Finding
from lockgate.core.probes import Examined, SetUp
from lockgate.core.revisions import RevisionFile

NAME = "inserted"
ORDER = 80


def examine(set_up: SetUp) -> Iterator[Finding]:
    """Which one, below what, and where."""
    for one in set_up.databases:
        for file, above in inserted(set_up, one):
            yield Finding(
                "LG-DOC-10",
                NAME,
                f"{one.title} never ran {file.revision}, which stands below {above}, "
                "and that is applied",
                f"run `lockgate doctor --lift {file.revision}` to put it on top",
                file=file.path,
            )


def inserted(set_up: SetUp, one: Examined) -> Iterator[tuple[RevisionFile, str]]:
    """Revisions that the database never ran, each with one that stands on it and was run."""
    if not one.ran or any(set_up.file(head) is None for head in one.heads):
        return
    passed = set_up.ancestors(one.heads)
    first_run = _oldest(set_up, one)
    if first_run is None:
        return
    for file in set_up.files:
        above = [
            r
            for r in one.ran
            if r != file.revision and r in passed and file.revision in set_up.ancestors((r,))
        ]
        below_first = file.revision in set_up.ancestors((first_run,))
        if above and file.revision in passed and file.revision not in one.ran and not below_first:
            yield file, above[0]


def _oldest(set_up: SetUp, one: Examined) -> str | None:
    """The first Revision that the Ledger saw; what is below it may have been applied before."""
    order = {file.revision: place for place, file in enumerate(set_up.files)}
    known = [revision for revision in one.ran if revision in order]
    return min(known, key=order.__getitem__, default=None)
