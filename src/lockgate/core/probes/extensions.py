"""An extension that one database has and the other one cannot have."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.catalog import Catalog
from lockgate.core.finding import Finding
from lockgate.core.probes import SetUp

NAME = "extensions"
ORDER = 120


def examine(set_up: SetUp) -> Iterator[Finding]:
    """Which one is missing where; what a pending revision will ask for counts, too."""
    asked = [one for one in set_up.databases if one.catalog is not None]
    for one in asked:
        for other in asked:
            if one is other or one.part != other.part or one.catalog is None:
                continue
            for name in _extensions(one.catalog):
                if other.catalog is None or name in _extensions(other.catalog):
                    continue
                if name not in other.available:
                    yield Finding(
                        "LG-DOC-15",
                        NAME,
                        f"{one.title} has the extension {name}, and the server of {other.title} "
                        "does not offer it",
                        f"install it on the server of {other.title} before a revision needs it",
                    )
                elif one.heads == other.heads:
                    yield Finding(
                        "LG-DOC-15",
                        NAME,
                        f"{one.title} has the extension {name}, and {other.title} has it not, "
                        f"though both are at {', '.join(one.heads) or 'base'}",
                        f"run `CREATE EXTENSION {name}` there, or put it into a revision",
                    )


def _extensions(catalog: Catalog) -> frozenset[str]:
    return frozenset(found.name for found in catalog.objects if found.kind == "extension")
