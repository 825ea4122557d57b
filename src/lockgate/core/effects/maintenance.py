"""Effects of what keeps tables in order: VACUUM, ANALYZE, CLUSTER, REFRESH, TRUNCATE, LOCK."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effect import LockMode
from lockgate.core.effects import rows
from lockgate.core.effects.modes import AX, READ, SUX, WRITE
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import Kind, Relation
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import body, is_on, nodes, only, options
from lockgate.core.parsed import Tree

MODES = (None, *LockMode)


def vacuum(touched: Touched, tree: Tree) -> None:
    """VACUUM and ANALYZE, of the tables named or of all."""
    found = options(tree.get("options"))
    vacuums = tree.get("is_vacuumcmd", False)
    full = vacuums and is_on(found, "full")
    touched.forbidden = vacuums
    if is_on(found, "only_database_stats"):
        return
    if not vacuums or is_on(found, "analyze"):
        for relation in _named(touched, tree):
            for child in touched.structure.below(relation):
                touched.lock(child, READ)  # rows of all are taken together for the parent
    for relation in _vacuumed(touched, tree):
        if full:
            touched.rewrite(relation)
        else:
            touched.lock(relation, SUX)
            if vacuums and ("process_toast" not in found or is_on(found, "process_toast")):
                touched.lock_toast(relation, SUX, WRITE)
            if relation.kind is not Kind.PARTITIONED:
                touched.lock_indexes(relation, WRITE if vacuums else READ)


def _vacuumed(touched: Touched, tree: Tree) -> Iterator[Relation]:
    structure = touched.structure
    if not tree.get("rels"):
        stored = (Kind.TABLE, Kind.MATERIALIZED)
        yield from [r for r in structure.relations.values() if r.kind in stored]
        return
    for node in tree["rels"]:
        range_var = body(node, "VacuumRelation").get("relation", {})
        relation = structure.find(parts_of(range_var))
        # Children that inherit, and ONLY, since 18.
        inheriting = touched.version >= 18
        if range_var.get("inh") and (inheriting or relation.kind is Kind.PARTITIONED):
            yield from structure.with_below(relation)
        else:
            yield relation


def _named(touched: Touched, tree: Tree) -> Iterator[Relation]:
    for node in tree.get("rels", ()):
        range_var = body(node, "VacuumRelation").get("relation", {})
        yield touched.structure.find(parts_of(range_var))


def cluster(touched: Touched, tree: Tree) -> None:
    """CLUSTER of one table, of a partitioned one, or of all that were clustered before."""
    structure = touched.structure
    if "relation" not in tree:
        touched.forbidden = True
        for relation in list(structure.relations.values()):
            own = [structure.get(name).index for name in relation.indexes]
            if any(index is not None and index.clustered for index in own):
                touched.rewrite(relation)
        return
    relation = structure.find(parts_of(tree["relation"]))
    if relation.kind is Kind.PARTITIONED:
        touched.forbidden = True
        touched.lock(relation, AX)
        for child in structure.below(relation):
            if child.kind is not Kind.PARTITIONED:
                touched.rewrite(child)
        return
    touched.rewrite(relation)


def refresh(touched: Touched, tree: Tree) -> None:
    """REFRESH MATERIALIZED VIEW."""
    view = touched.structure.find(parts_of(tree.get("relation", {})), Kind.MATERIALIZED)
    concurrent = tree.get("concurrent", False)
    skip = tree.get("skipData", False)
    if concurrent:
        touched.lock(view, LockMode.EXCLUSIVE).scans = True
        touched.lock_indexes(view, WRITE)
    else:
        touched.rewrite(view)
    kind, found = only(view.uses)
    if kind and not skip:
        rows.query(touched, kind, found)


def truncate(touched: Touched, tree: Tree) -> None:
    """TRUNCATE; with CASCADE also what references the tables."""
    structure = touched.structure
    waiting: list[Relation] = []
    for node in tree.get("relations", ()):
        range_var = body(node, "RangeVar")
        table = structure.find(parts_of(range_var))
        waiting.extend(structure.with_below(table) if range_var.get("inh") else [table])
    seen: set[tuple[str, str]] = set()
    while waiting:
        relation = waiting.pop()
        if relation.name in seen:
            continue
        seen.add(relation.name)
        touched.lock(relation, AX)
        touched.lock_toast(relation, AX, AX)
        if relation.kind is not Kind.PARTITIONED:
            touched.lock_indexes(relation, AX)
        if tree.get("restart_seqs"):
            for sequence in structure.sequences_of(relation.name):
                touched.lock(sequence, AX)
        if tree.get("behavior") == "DROP_CASCADE":
            for user, _ in structure.keys_into(relation):
                waiting.extend(structure.with_below(user))


def lock(touched: Touched, tree: Tree) -> None:
    """LOCK TABLE; of a view, also what it reads."""
    structure = touched.structure
    mode = MODES[tree.get("mode", 8)] or AX
    for node in tree.get("relations", ()):
        range_var = body(node, "RangeVar")
        relation = structure.find(parts_of(range_var))
        _lock_one(touched, relation, mode, recurses=range_var.get("inh", False))


def _lock_one(touched: Touched, relation: Relation, mode: LockMode, *, recurses: bool) -> None:
    if relation.name in touched.relations:
        return
    touched.lock(relation, mode)
    if relation.kind is Kind.VIEW:
        own = {found.get("ctename") for kind, found in nodes([relation.uses]) if kind in _CTE}
        for kind, found in nodes([relation.uses]):
            if kind == "RangeVar" and found.get("relname") not in own:
                source = touched.structure.find(parts_of(found))
                _lock_one(touched, source, mode, recurses=found.get("inh", False))
    elif recurses:
        for child in touched.structure.below(relation):
            touched.lock(child, mode)


_CTE = ("CommonTableExpr",)
