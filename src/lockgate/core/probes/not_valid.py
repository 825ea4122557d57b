"""A constraint that was added NOT VALID and never validated: old rows may break it."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.catalog import Catalog
from lockgate.core.ddl.text import split_name
from lockgate.core.finding import Finding, Severity
from lockgate.core.probes import SetUp

NAME = "not valid"
ORDER = 100


def examine(set_up: SetUp) -> Iterator[Finding]:
    """Which one, and whether a revision or a hand left it."""
    for one in set_up.databases:
        if one.catalog is None:
            continue
        by_revision = one.located is not None and one.located.recorded_is_exact
        for table, name in _left(one.catalog):
            statement = f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
            yield Finding(
                "LG-DOC-12",
                NAME,
                f"{one.title}: {name} of {table} is NOT VALID, so rows from before may break it",
                f"write a revision with `{statement}`" if by_revision else f"run `{statement}`",
                Severity.WARNING,
                relation=table,
            )


def _left(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for found in catalog.objects:
        if found.kind == "constraint" and ("validity", "not valid") in found.properties:
            *table, name = split_name(found.name)
            yield ".".join(table), name
