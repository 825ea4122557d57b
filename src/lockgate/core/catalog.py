"""The Catalog of a database, its Fingerprint, and the Changes from one Catalog to another.

Answers whether two structures are the same and how they differ. Leaves reading one to `postgres`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import zip_longest

COLUMN_ORDER = "column order"
"""The kind of the cosmetic object that holds the order of a table's columns."""
COLUMN_SEPARATOR = ", "


@dataclass(frozen=True, slots=True, order=True)
class CatalogObject:
    """One object of a database: a table, an index, a function, a constraint.

    `kind` is PostgreSQL's word in lower case; `name` is qualified with the schema, unquoted.
    `properties` are the parts that Changes name one by one, for example `("column checksum",
    "character varying(64) NOT NULL")`, sorted; `definition` is the rest of the statement that
    makes the object. What is cosmetic is no structure: comments, the order of columns.
    """

    kind: str
    name: str
    definition: str
    properties: tuple[tuple[str, str], ...] = ()
    cosmetic: bool = False

    @property
    def text(self) -> str:
        """Everything about the object, a line for each property."""
        return "\n".join([self.definition, *(" ".join(pair) for pair in self.properties)])


@dataclass(frozen=True)
class Catalog:
    """The structure of a database at one moment.

    `server` is the version it was read from, for example `18.4`, and is not part of the structure.
    """

    server: str
    objects: tuple[CatalogObject, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "objects", tuple(sorted(self.objects)))

    @cached_property
    def fingerprint(self) -> str:
        """`sha256:` and the digest of every object that is not cosmetic."""
        canonical = [
            [found.kind, found.name, found.definition, found.properties]
            for found in self.objects
            if not found.cosmetic
        ]
        written = json.dumps(canonical, ensure_ascii=False, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(written.encode()).hexdigest()}"


class ChangeKind(StrEnum):
    """What happened to an object, or to the property of one."""

    ADDED = "added"
    REMOVED = "removed"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two Catalogs.

    `property` says which part of the object differs, and is None where the whole object was
    added or removed. `from_` and `to` are None where there was, or is, nothing.
    """

    kind: ChangeKind
    object: str
    name: str
    property: str | None
    from_: str | None
    to: str | None
    cosmetic: bool


def diff(before: Catalog, after: Catalog) -> tuple[Change, ...]:
    """The Changes that lead from `before` to `after`, by kind of object and name.

    All of them are cosmetic exactly when the Fingerprints are equal. The order of columns is
    only told of a table that kept its columns.
    """
    gone = _by_name(Counter(before.objects) - Counter(after.objects))
    come = _by_name(Counter(after.objects) - Counter(before.objects))
    changes: list[Change] = []
    for key in sorted(gone.keys() | come.keys()):
        for old, new in zip_longest(gone[key], come[key]):
            if key[0] != COLUMN_ORDER or _columns(old) == _columns(new):
                changes.extend(_between(old, new))
    return tuple(changes)


def _by_name(objects: Counter[CatalogObject]) -> defaultdict[tuple[str, str], list[CatalogObject]]:
    named = defaultdict(list)
    for found in sorted(objects.elements()):
        named[found.kind, found.name].append(found)
    return named


def _columns(order: CatalogObject | None) -> list[str]:
    return [] if order is None else sorted(order.definition.split(COLUMN_SEPARATOR))


def _between(old: CatalogObject | None, new: CatalogObject | None) -> Iterator[Change]:
    """The Changes between two objects of one kind and name, of which one may be missing."""
    if old is None and new is not None:
        yield Change(ChangeKind.ADDED, new.kind, new.name, None, None, new.text, new.cosmetic)
    elif new is None and old is not None:
        yield Change(ChangeKind.REMOVED, old.kind, old.name, None, old.text, None, old.cosmetic)
    elif old is not None and new is not None:
        if old.definition != new.definition:
            yield _altered(new, "definition", old.definition, new.definition)
        before, after = dict(old.properties), dict(new.properties)
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                yield _altered(new, name, before.get(name), after.get(name))


def _altered(found: CatalogObject, name: str, old: str | None, new: str | None) -> Change:
    kind = ChangeKind.ALTERED
    if old is None:
        kind = ChangeKind.ADDED
    elif new is None:
        kind = ChangeKind.REMOVED
    return Change(kind, found.kind, found.name, name, old, new, found.cosmetic)
