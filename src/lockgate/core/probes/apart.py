"""Two environments at one revision with different structure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from lockgate.core.catalog import diff
from lockgate.core.finding import Finding
from lockgate.core.probes import SetUp

NAME = "apart"
ORDER = 130


def examine(set_up: SetUp) -> Iterator[Finding]:
    """Which two, and by how much."""
    asked = [one for one in set_up.databases if one.catalog is not None and one.heads]
    for one, other in combinations(asked, 2):
        if one.heads != other.heads or one.part != other.part:
            continue
        assert one.catalog is not None
        assert other.catalog is not None
        if one.catalog.missing or other.catalog.missing:
            continue
        changes = [c for c in diff(one.catalog, other.catalog) if not c.cosmetic]
        if changes:
            yield Finding(
                "LG-DOC-16",
                NAME,
                f"{one.title} and {other.title} are both at {', '.join(one.heads)}, and differ "
                f"by {len(changes)} change{'' if len(changes) == 1 else 's'}",
                f"run `lockgate diff {one.environment} {other.environment}` to see them",
            )
