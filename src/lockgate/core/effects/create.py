"""Effects of CREATE TABLE, VIEW, SEQUENCE and SCHEMA on what was there before."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects import rows
from lockgate.core.effects.applying import published
from lockgate.core.effects.modes import AX, READ, SRE, SUX
from lockgate.core.effects.partitions import lock_users, look_into_default
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import Kind, Relation
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import body, nodes, object_name, only, options, words
from lockgate.core.parsed import Tree


def table(touched: Touched, tree: Tree) -> None:
    """CREATE TABLE: the far sides of its foreign keys, its parents, what it is made like."""
    structure = touched.structure
    range_var = tree.get("relation", {})
    if structure.new_name(parts_of(range_var)) in structure.relations:
        return
    for node in tree.get("inhRelations", ()):
        parent = structure.find(parts_of(body(node, "RangeVar")))
        if "partbound" in tree:
            _add_to(touched, parent, tree["partbound"])
        else:
            touched.lock(parent, SUX)
    if "ofTypename" in tree:
        parts = words(tree["ofTypename"].get("names"))
        touched.lock(structure.find(parts, Kind.COMPOSITE), READ)
    for kind, element in _elements(tree):
        if kind == "TableLikeClause":
            touched.lock(structure.find(parts_of(element.get("relation", {}))), READ)
        elif kind == "Constraint" and element.get("contype") == "CONSTR_FOREIGN":
            pk = element.get("pktable", {})
            if pk.get("relname") == range_var.get("relname"):
                continue
            for relation in structure.with_partitions(structure.find(parts_of(pk))):
                touched.lock(relation, SRE)


def _add_to(touched: Touched, parent: Relation, bound: Tree) -> None:
    """PARTITION OF."""
    touched.lock(parent, AX)
    touched.lock_indexes(parent, SUX)
    alone = bound.get("is_default") or bound.get("strategy") == "h"  # then there is no default
    if not parent.known and not alone:
        touched.doubt(parent.name)
    look_into_default(touched, parent, bound)
    for constraint in parent.constraints.values():
        if constraint.references is not None:
            touched.lock_with_below(constraint.references, SRE)
    lock_users(touched, parent)


def _elements(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """What a CREATE TABLE lists, the constraints of its columns too."""
    for node in (*tree.get("tableElts", ()), *tree.get("constraints", ())):
        kind, element = only(node)
        yield kind, element
        for inner in element.get("constraints", ()) if kind == "ColumnDef" else ():
            yield only(inner)


def view(touched: Touched, tree: Tree) -> None:
    """CREATE VIEW; one that it replaces is locked."""
    structure = touched.structure
    rows.query(touched, *only(tree.get("query")), planned=False)
    if tree.get("replace"):
        old = structure.relations.get(structure.resolve(parts_of(tree.get("view", {}))))
        if old is not None:
            touched.lock(old, AX)


def sequence(touched: Touched, tree: Tree) -> None:
    """CREATE SEQUENCE, of which OWNED BY reads the table."""
    _owner(touched, tree)


def alter_sequence(touched: Touched, tree: Tree) -> None:
    """ALTER SEQUENCE."""
    found = touched.structure.find(parts_of(tree.get("sequence", {})), Kind.SEQUENCE)
    if not found.known and tree.get("missing_ok") and touched.structure.complete:
        return
    touched.lock(found, SRE)
    _owner(touched, tree)


def _owner(touched: Touched, tree: Tree) -> None:
    parts = object_name(options(tree.get("options")).get("owned_by"))
    if len(parts) > 1:
        touched.lock(touched.structure.find(parts[:-1]), READ)


def statistics(touched: Touched, tree: Tree) -> None:
    """CREATE STATISTICS."""
    for node in tree.get("relations", ()):
        touched.lock(touched.structure.find(parts_of(body(node, "RangeVar"))), SUX)


def schema(touched: Touched, tree: Tree) -> None:
    """CREATE SCHEMA with what it holds."""
    for node in tree.get("schemaElts", ()):
        kind, found = only(node)
        if kind == "CreateStmt":
            table(touched, found)
        elif kind == "ViewStmt":
            view(touched, found)


def trigger(touched: Touched, tree: Tree) -> None:
    """CREATE TRIGGER; for each row of a partitioned table, on each partition."""
    structure = touched.structure
    found = structure.find(parts_of(tree.get("relation", {})))
    touched.lock(found, SRE)
    if found.kind is Kind.PARTITIONED and tree.get("row"):
        for child in structure.below(found):
            touched.lock(child, SRE)
    if "constrrel" in tree:
        touched.lock(structure.find(parts_of(tree["constrrel"])), READ)


def rule(touched: Touched, tree: Tree) -> None:
    """CREATE RULE."""
    touched.lock(touched.structure.find(parts_of(tree.get("relation", {}))), AX)
    for node in tree.get("actions", ()):
        rows.query(touched, *only(node), frozenset(("old", "new")), planned=False)


def policy(touched: Touched, tree: Tree) -> None:
    """CREATE POLICY and ALTER POLICY; the tables of their conditions are read."""
    touched.lock(touched.structure.find(parts_of(tree.get("table", {}))), AX)
    for key in ("qual", "with_check"):
        for kind, found in nodes([tree.get(key)]):
            if kind == "SelectStmt":
                rows.query(touched, kind, found, planned=False)


def publication(touched: Touched, tree: Tree) -> None:
    """CREATE PUBLICATION and ALTER PUBLICATION of tables."""
    structure = touched.structure
    named = published(structure, tree)
    if tree.get("action") == "AP_SetObjects" and tree.get("pubobjects"):
        named += structure.publications.get(tree.get("pubname", ""), [])
    for name in named:
        relation = structure.get(name)
        touched.lock(relation, SUX)
        if relation.kind is not Kind.PARTITIONED:
            for child in structure.below(relation):
                touched.lock(child, SUX)
