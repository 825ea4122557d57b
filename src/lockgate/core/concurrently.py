"""Where PostgreSQL, 14 to 18 alike, refuses CONCURRENTLY whatever the transaction."""

from __future__ import annotations

from lockgate.core.effects.structure import Kind, Relation, Structure


def built_as_one(structure: Structure, index: Relation) -> bool:
    """Whether an index is that of a partitioned table, which is not made or dropped so."""
    return index.index is not None and structure.get(index.index.table).kind is Kind.PARTITIONED


def keeps_all_partitions(structure: Structure, table: Relation) -> bool:
    """Whether a partitioned table has a default partition, and then none is detached so."""
    return structure.default_partition(table) is not None


def lacks_a_key(structure: Structure, view: Relation) -> bool:
    """Whether a materialized view is known to have no unique index over its rows."""
    if not view.known:
        return False
    indexes = (structure.get(name, Kind.INDEX).index for name in view.indexes)
    return not any(
        index is not None
        and index.unique
        and index.valid
        and index.predicate is None
        and not index.expressions
        for index in indexes
    )
