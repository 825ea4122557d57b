"""The Catalog of a database, its Fingerprint, and the Changes from one Catalog to another.

Answers whether two structures are the same and how they differ. Leaves reading one to `postgres`.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import zip_longest
from typing import NamedTuple

import msgspec

COLUMN_ORDER = "column order"
"""The kind of the cosmetic object that holds the order of a table's columns."""
COLUMN_SEPARATOR = ", "

COSMETIC_KINDS = frozenset(
    {
        COLUMN_ORDER,
        "comment",
        "default privileges",
        "extension version",
        "invalid index",
        "not-null constraint",
        "owner",
        "privileges",
        "subscription",
        "tablespace",
        "user mapping",
    }
)
"""What a Catalog holds and its Fingerprint does not: no structure, or bound to one server."""

DEPENDENCY_ORDER = (
    "schema",
    "extension",
    "collation",
    "conversion",
    "enum",
    "type",
    "attribute",
    "domain",
    "function",
    "procedure",
    "operator",
    "operator family",
    "operator class",
    "aggregate",
    "cast",
    "language",
    "transform",
    "access method",
    "domain constraint",
    "text search parser",
    "text search template",
    "text search dictionary",
    "text search configuration",
    "foreign-data wrapper",
    "server",
    "sequence",
    "table",
    "foreign table",
    "column",
    "constraint",
    "index",
    "view",
    "materialized view",
    "statistics",
    "trigger",
    "rule",
    "policy",
    "extension dependency",
    "publication",
    "publication table",
    "publication schema",
    "security label",
    "event trigger",
)
"""Kinds of objects, what others need before those that need it; cosmetic kinds follow.

Statements make them in this order too, where nothing else decides.
"""


class CatalogObject(NamedTuple):
    """One object of a database: a table, a column, an index, a function, a constraint.

    `kind` is PostgreSQL's word in lower case; `name` is qualified with the schema.
    `properties` are the parts that Changes name one by one, for example `("type",
    "character varying(64)")`, sorted; `definition` is the rest of what makes the object.
    What is cosmetic is not in the Fingerprint.
    """

    # A tuple and no dataclass: of 5,000 tables there are 120,000 objects.
    kind: str
    name: str
    definition: str
    properties: tuple[tuple[str, str], ...] = ()
    cosmetic: bool = False

    @property
    def text(self) -> str:
        """Everything about the object, a line for each property."""
        lines = [self.definition] if self.definition else []
        return "\n".join([*lines, *(" ".join(pair) for pair in self.properties)])


@dataclass(frozen=True)
class Catalog:
    """The structure of a database at one moment.

    `server` is the version it was read from, for example `18.4`, and is not part of the structure.
    `missing` are the kinds of objects that the role may not read, as `lockgate.postgres.catalog`
    names them; a Catalog that lacks any has the Fingerprint of no complete one.
    """

    server: str
    objects: tuple[CatalogObject, ...]
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "objects", tuple(sorted(self.objects)))

    @cached_property
    def fingerprint(self) -> str:
        """`sha256:` and the digest of every object that is not cosmetic."""
        return self._digest(cosmetic=False)

    @cached_property
    def cosmetic_fingerprint(self) -> str:
        """`sha256:` and the digest of every object that is cosmetic."""
        return self._digest(cosmetic=True)

    @property
    def majors(self) -> tuple[int, ...]:
        """The majors of PostgreSQL for whose structures the Fingerprint may be compared.

        All that are supported, but where a collation of ICU has a locale in the old spelling:
        14 and 15 keep it, later ones make a language tag of it.
        """
        old_spelling = any(
            found.kind == "collation"
            and ("provider", "icu") in found.properties
            and not set(dict(found.properties).get("locale", "")).isdisjoint("@_")
            for found in self.objects
        )
        return (14, 15) if old_spelling else (14, 15, 16, 17, 18)

    def _digest(self, *, cosmetic: bool) -> str:
        canonical: list[object] = [
            found[:4] for found in self.objects if found.cosmetic is cosmetic
        ]
        canonical.extend(["missing", kind] for kind in self.missing)
        return f"sha256:{hashlib.sha256(msgspec.json.encode(canonical)).hexdigest()}"


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


def reverse(change: Change) -> Change:
    """The Change that undoes `change`."""
    kinds = {ChangeKind.ADDED: ChangeKind.REMOVED, ChangeKind.REMOVED: ChangeKind.ADDED}
    kind = kinds.get(change.kind, change.kind)
    return replace(change, kind=kind, from_=change.to, to=change.from_)


def diff(before: Catalog, after: Catalog) -> tuple[Change, ...]:
    """The Changes that lead from `before` to `after`, in order of dependency, then by name.

    All of them are cosmetic exactly when the Fingerprints of two complete Catalogs are equal. The
    order of columns is only told of a table that kept its columns.
    """
    old_only, new_only = _apart(before.objects, after.objects)
    gone, come = _by_name(old_only), _by_name(new_only)
    changes: list[Change] = []
    for key in sorted(gone.keys() | come.keys(), key=_rank):
        for old, new in zip_longest(gone[key], come[key]):
            if key[0] != COLUMN_ORDER or _columns(old) == _columns(new):
                changes.extend(_between(old, new))
    return tuple(changes)


def _apart(
    before: tuple[CatalogObject, ...], after: tuple[CatalogObject, ...]
) -> tuple[list[CatalogObject], list[CatalogObject]]:
    """What only the one and what only the other has, sorted; a double counts as one more."""
    if before == after:
        return [], []
    old, new = Counter(before), Counter(after)
    return sorted((old - new).elements()), sorted((new - old).elements())


RANKS = {kind: rank for rank, kind in enumerate(DEPENDENCY_ORDER)}


def _rank(key: tuple[str, str]) -> tuple[bool, int, str, str]:
    kind, name = key
    return kind in COSMETIC_KINDS, RANKS.get(kind, len(RANKS)), kind, name


def _by_name(objects: Iterable[CatalogObject]) -> defaultdict[tuple[str, str], list[CatalogObject]]:
    named = defaultdict(list)
    for found in objects:
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
