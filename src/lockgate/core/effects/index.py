"""Effects of CREATE INDEX and REINDEX."""

from __future__ import annotations

from lockgate.core.effect import LockMode
from lockgate.core.effects.modes import SUX
from lockgate.core.effects.names import index_column_names
from lockgate.core.effects.reading import index_elements, index_name, parts_of, read_index
from lockgate.core.effects.structure import ConstraintKind, Kind, Relation, spelled
from lockgate.core.effects.tables import index_to_attach
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import is_on, options
from lockgate.core.parsed import Tree

AX, SHARE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE


def create(touched: Touched, tree: Tree) -> None:
    """CREATE INDEX, on a partitioned table for each partition."""
    structure = touched.structure
    found = tree.get("relation", {})
    table = structure.find(parts_of(found))
    concurrent = tree.get("concurrent", False)
    touched.forbidden = concurrent
    mode = SUX if concurrent and not table.is_temporary else SHARE
    touched.lock(table, mode)
    columns = index_column_names(index_elements(tree))
    name = tree.get("idxname") or index_name(columns, "idx", structure, table)
    if tree.get("if_not_exists") and (table.name[0], name) in structure.relations:
        return
    if table.kind is not Kind.PARTITIONED:
        touched.build(table, spelled((table.name[0], name)), mode)
        return
    if not found.get("inh"):
        return
    for child in structure.below(table):
        touched.lock(child, mode)
        there = index_to_attach(structure, read_index(tree, table), child, holds=False)
        if there is not None:
            touched.lock(there, mode)
            continue
        if child.kind in (Kind.PARTITIONED, Kind.FOREIGN):
            continue
        own = index_name(columns, "idx", structure, child)
        touched.build(child, spelled((child.name[0], own)), mode)


def reindex(touched: Touched, tree: Tree) -> None:
    """REINDEX of an index, a table, or all of a schema or database."""
    structure = touched.structure
    concurrent = is_on(options(tree.get("params")), "concurrently")
    touched.forbidden = concurrent
    match tree.get("kind"):
        case "REINDEX_OBJECT_INDEX":
            index = structure.find(parts_of(tree.get("relation", {})), Kind.INDEX)
            touched.lock(index, SUX if concurrent else AX)  # a partitioned one for a moment
            own = index.index
            if own is not None and structure.get(own.table).kind is Kind.PARTITIONED:
                touched.lock(own.table, SUX if concurrent else SHARE)
            _reindex_index(touched, index, concurrent)
        case "REINDEX_OBJECT_TABLE":
            table = structure.find(parts_of(tree.get("relation", {})))
            if table.kind is Kind.PARTITIONED:
                touched.forbidden = True
                touched.lock(table, SUX if concurrent else SHARE)
                for part in structure.below(table):
                    # Also CONCURRENTLY, for a moment: to see that all of them stay.
                    touched.lock(part, SHARE).passing = concurrent
                for relation in structure.with_below(table):
                    _reindex_table(touched, relation, concurrent)
            else:
                _reindex_table(touched, table, concurrent)
        case "REINDEX_OBJECT_SCHEMA":
            touched.forbidden = True
            for relation in list(structure.relations.values()):
                if relation.name[0] == tree.get("name"):
                    _reindex_table(touched, relation, concurrent)
        case "REINDEX_OBJECT_DATABASE":
            touched.forbidden = True
            for relation in list(structure.relations.values()):
                _reindex_table(touched, relation, concurrent)
        case _:
            touched.forbidden = True


def _reindex_table(touched: Touched, table: Relation, concurrent: bool) -> None:
    if table.kind not in (Kind.TABLE, Kind.MATERIALIZED):
        return
    concurrent = concurrent and not table.is_temporary
    touched.lock(table, SUX if concurrent else SHARE)
    touched.lock_toast(table, SUX if concurrent else SHARE, AX)
    if table.known and not table.indexes:
        return
    touched.lock(table, SUX if concurrent else SHARE).scans = True
    excluding = {c.index for c in table.constraints.values() if c.kind is ConstraintKind.EXCLUDE}
    for index in table.indexes:
        if concurrent and index in excluding:
            touched.lock(index, SUX)  # it is passed over
            continue
        touched.build(table, spelled(index), SUX if concurrent else SHARE)
        touched.lock(index, AX).out_of_use = concurrent


def _reindex_index(touched: Touched, index: Relation, concurrent: bool) -> None:
    structure = touched.structure
    own = index.index
    concurrent = concurrent and not index.is_temporary
    if own is None:
        touched.lock(index, AX).out_of_use = concurrent
        return
    table = structure.get(own.table)
    if table.kind is Kind.PARTITIONED:
        touched.forbidden = True
        for other in list(structure.parts_of_index(index.name)):
            touched.lock(other, SHARE)
            _reindex_index(touched, other, concurrent)
        return
    # The old one of two is dropped when the new one has taken its place.
    touched.lock(index, AX).out_of_use = concurrent
    touched.build(table, spelled(index.name), SUX if concurrent else SHARE)
