"""A Catalog without some of its tables, and without what belongs to them alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from lockgate.core.catalog import COLUMN_ORDER, Catalog, CatalogObject
from lockgate.core.names import Name, parts_of

_TABLES = frozenset({"table", "foreign table", COLUMN_ORDER})
_ON_A_TABLE = frozenset(
    {"column", "constraint", "trigger", "policy", "rule", "not-null constraint"}
)
_WITH_A_TABLE = frozenset({"index", "invalid index", "statistics"})
_TYPES = frozenset({"enum", "domain", "type", "range type"})


def table_of(found: CatalogObject) -> Name | None:
    """Schema and name of the table that `found` is, or belongs to; None where it is no table's.

    Answers with the view for a trigger or a rule on one.
    """
    if found.kind in _TABLES or found.kind in _ON_A_TABLE:
        return parts_of(found.name)[:2]
    if found.kind in _WITH_A_TABLE:
        return _property(found, "table")
    if found.kind == "sequence":
        return _property(found, "owned by")
    if found.kind in ("comment", "owner", "privileges"):
        kind, _, name = found.name.partition(" ")
        if kind in ("table", "column"):
            return parts_of(name)[:2]
    return None


def _property(found: CatalogObject, name: str) -> Name | None:
    value = dict(found.properties).get(name)
    return None if value is None else parts_of(value)[:2]


def without_tables(catalog: Catalog, tables: Collection[Name]) -> Catalog:
    """`catalog` without `tables`, what is on them, and the types that nothing else uses."""
    if not tables:
        return catalog
    gone = [found for found in catalog.objects if table_of(found) in tables]
    kept = [found for found in catalog.objects if table_of(found) not in tables]
    orphans = types_used(gone) - types_used(kept)
    kept = [f for f in kept if f.kind not in _TYPES or parts_of(f.name)[:2] not in orphans]
    return Catalog(catalog.server, tuple(kept), catalog.missing)


def alike(catalog: Catalog, other: Catalog, columns: Collection[tuple[Name, str]]) -> Catalog:
    """`catalog` with what `other` has for the property of each of `columns`.

    A column is its schema, table and name.
    """
    if not columns:
        return catalog
    theirs = {parts_of(f.name): dict(f.properties) for f in other.objects if f.kind == "column"}
    found = []
    for one in catalog.objects:
        name = parts_of(one.name) if one.kind == "column" else ()
        properties = dict(one.properties)
        for what in ("type", "default"):
            if (name, what) in columns and what in theirs.get(name, ()):
                properties[what] = theirs[name][what]
        found.append(one._replace(properties=tuple(sorted(properties.items()))))
    return Catalog(catalog.server, tuple(found), catalog.missing)


def types_used(objects: Iterable[CatalogObject]) -> set[Name]:
    """Schema and name of the types that columns among `objects` have."""
    return {
        name
        for found in objects
        if found.kind in ("column", "attribute")
        for key, value in found.properties
        if key == "type" and len(name := parts_of(value)[:2]) == 2
    }
