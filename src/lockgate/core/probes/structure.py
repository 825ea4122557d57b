"""A database whose structure is not that of the revision that it records."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.catalog import Change, diff
from lockgate.core.finding import Finding
from lockgate.core.probes import Examined, SetUp
from lockgate.core.probes.inserted import inserted
from lockgate.core.probes.lost_revision import stamping
from lockgate.core.probes.version_table import wrong_rows

NAME = "structure"
ORDER = 60


def examine(set_up: SetUp) -> Iterator[Finding]:
    """The revision that it has in truth; or the drift, with the statements of both cures."""
    for one in set_up.databases:
        located = one.located
        if located is None or located.missing or not one.heads or located.recorded_is_exact:
            continue
        if any(set_up.file(head) is None for head in one.heads) or wrong_rows(set_up, one):
            continue  # told as a lost revision, or of the version table
        if any(inserted(set_up, one)):
            continue  # what it lacks is that revision, and to adopt the lack is no cure
        recorded = ", ".join(one.heads)
        if proved := located.proved():
            truth = " and ".join(proved)
            yield Finding(
                "LG-DOC-6",
                NAME,
                f"{one.title} records {recorded}, but its structure is exactly that of {truth}",
                stamping(one, proved),
            )
        elif one.expected is not None and one.catalog is not None:
            changes = [c for c in diff(one.expected, one.catalog) if not c.cosmetic]
            if changes:
                yield _drift(one, recorded, changes)


def _drift(one: Examined, recorded: str, changes: list[Change]) -> Finding:
    first = changes[0]
    what = f"{first.object} {first.name} {first.kind.value}"
    back = one.heads[0] if len(one.heads) == 1 else "heads"
    counted = f"{len(changes)} change{'' if len(changes) == 1 else 's'}"
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return Finding(
        "LG-DOC-7",
        NAME,
        f"{one.title} has drifted from {recorded} by {counted}: {what}{more}",
        f"run `lockgate doctor {one.environment} --adopt -m MESSAGE` to put it into a revision, "
        f"or `lockgate diff {one.environment} revision:{back} --sql` for the way back",
        details=(
            "to undo:",
            *(f"  {statement.sql};" for statement in one.undo.statements),
            *(
                f"  -- by hand: {left.change.object} {left.change.name}: {left.reason}"
                for left in one.undo.unsettled
            ),
            "to adopt:",
            *(f"  {statement.sql};" for statement in one.adopt.statements),
            *(
                f"  -- by hand: {left.change.object} {left.change.name}: {left.reason}"
                for left in one.adopt.unsettled
            ),
        ),
    )
