"""Effects of DROP, with everything that goes when one thing goes."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.constraints import drop_triggers
from lockgate.core.effects.expressions import sequence_of
from lockgate.core.effects.modes import AX, SUX
from lockgate.core.effects.reading import ON_TABLE, RELATION_KINDS, index_columns, parts_of
from lockgate.core.effects.structure import Kind, Name, Relation, Structure
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import Node, body, columns_in, nodes, object_name, words
from lockgate.core.parsed import Tree

_WITH_OTHERS = frozenset(("OBJECT_EXTENSION", "OBJECT_FOREIGN_SERVER", "OBJECT_FDW"))


def drop(touched: Touched, tree: Tree) -> None:
    """DROP of anything that is, or hangs on, a relation."""
    structure = touched.structure
    kind = tree.get("removeType", "")
    cascade = tree.get("behavior") == "DROP_CASCADE"
    touched.forbidden = tree.get("concurrent", False)
    for node in tree.get("objects", ()):
        parts = object_name(node)
        if kind in RELATION_KINDS:
            relation = structure.find(parts, RELATION_KINDS[kind])
            if not relation.known and tree.get("missing_ok") and structure.complete:
                continue
            if tree.get("concurrent") and not relation.is_temporary:
                _drop_index_concurrently(touched, relation)
                continue
            drop_relation(touched, relation, cascade=cascade)
        elif kind in ON_TABLE and len(parts) > 1:
            table = structure.find(parts[:-1])
            named = (*table.triggers, *table.rules, *table.policies)
            known = table.known or structure.complete
            if tree.get("missing_ok") and known and parts[-1] not in named:
                continue
            touched.lock(table, AX)
            if kind == "OBJECT_TRIGGER" and table.kind is Kind.PARTITIONED:
                for child in structure.below(table):
                    if parts[-1] in child.triggers:
                        touched.lock(child, AX)
        elif kind == "OBJECT_STATISTIC_EXT":
            on = structure.statistics.get(structure.resolve(parts))
            if on is not None:
                touched.lock(on, SUX)
        elif kind == "OBJECT_SCHEMA":
            _drop_schema(touched, parts[-1], cascade=cascade)
        elif kind in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
            _drop_type(touched, parts, cascade=cascade)
        elif kind in ("OBJECT_FUNCTION", "OBJECT_ROUTINE") and cascade:
            _drop_function_users(touched, parts)
        elif kind == "OBJECT_PUBLICATION":
            pass
        elif kind in _WITH_OTHERS and cascade:
            touched.unknown = True


def drop_relation(touched: Touched, relation: Relation, *, cascade: bool) -> None:
    """What goes with a relation, and what has to let go of it."""
    structure = touched.structure
    if relation.name in touched.dropped:
        return
    touched.dropped.add(relation.name)
    touched.lock(relation, AX)
    touched.lock_toast(relation, AX, AX)
    if relation.index is not None:
        # Of a partitioned table every partition, whether its part is attached or not.
        for table in structure.with_below(structure.get(relation.index.table)):
            touched.lock(table, AX)
        _drop_index_parts(touched, relation.name)
    touched.lock_indexes(relation, AX)
    for sequence in structure.sequences_of(relation.name):
        touched.lock(sequence, AX)
    if relation.partition:
        for parent in relation.parents:
            touched.lock(parent, AX)
            default = structure.default_partition(structure.get(parent))
            if default is not None and default is not relation:
                touched.lock(default, AX)
    if relation.kind is Kind.PARTITIONED or cascade:
        for child in structure.below(relation):
            drop_relation(touched, child, cascade=cascade)
    for constraint in relation.constraints.values():
        if constraint.references is None or structure.is_inherited(relation, constraint):
            continue
        if not constraint.enforced:  # then it has no triggers there
            continue
        far = structure.get(constraint.references)
        drop_triggers(touched, far)
    if cascade:
        for user, _ in structure.foreign_keys_to(relation.name):
            touched.lock(user, AX)
        for view in views_over(structure, relation.name):
            drop_relation(touched, view, cascade=True)
        for table in rules_over(structure, relation.name):
            touched.lock(table, AX)
        for above in structure.above(relation):
            for user, _ in structure.foreign_keys_to(above.name):
                # The key goes as a whole, and lets go of every partition.
                touched.lock(user, AX)
                drop_triggers(touched, above)
        if relation.kind is Kind.SEQUENCE:
            for table in _defaults_from(structure, relation.name):
                touched.lock(table, AX)


def _drop_index_parts(touched: Touched, name: Name) -> None:
    for other in list(touched.structure.parts_of_index(name)):
        touched.lock(other, AX)
        if other.index is not None:
            touched.lock(other.index.table, AX)
        _drop_index_parts(touched, other.name)


def _drop_index_concurrently(touched: Touched, relation: Relation) -> None:
    if relation.index is not None:
        touched.lock(relation.index.table, SUX)
    touched.lock(relation, AX).out_of_use = True


def views_over(structure: Structure, name: Name) -> Iterator[Relation]:
    """The views that read a relation themselves."""
    for relation in list(structure.relations.values()):
        if relation.kind not in (Kind.VIEW, Kind.MATERIALIZED) or not relation.uses:
            continue
        for kind, found in nodes([relation.uses]):
            if kind == "RangeVar" and structure.resolve(parts_of(found)) == name:
                yield relation
                break


def rules_over(structure: Structure, name: Name) -> Iterator[Relation]:
    """The tables with a rule that reads or changes a relation."""
    for relation in list(structure.relations.values()):
        for kind, found in nodes(list(relation.rules.values())):
            range_var = found.get("relation", found) if kind in _QUERIES else found
            if kind not in _QUERIES and kind != "RangeVar":
                continue
            if range_var.get("relname") and structure.resolve(parts_of(range_var)) == name:
                yield relation
                break


_QUERIES = frozenset(("InsertStmt", "UpdateStmt", "DeleteStmt"))


def _defaults_from(structure: Structure, sequence: Name) -> Iterator[Relation]:
    for relation in structure.relations.values():
        for column in relation.columns.values():
            default = column.default
            calls = nodes([default.tree]) if default is not None else ()
            for kind, found in calls:
                if kind == "FuncCall" and words(found.get("funcname"))[-1:] == ("nextval",):
                    parts = sequence_of(structure, found.get("args", [{}])[0])
                    if parts is not None and structure.resolve(parts) == sequence:
                        yield relation


def _drop_schema(touched: Touched, schema: str, *, cascade: bool) -> None:
    if not cascade:
        return
    known = touched.structure.complete
    for relation in list(touched.structure.relations.values()):
        if relation.name[0] == schema:
            drop_relation(touched, relation, cascade=True)
            known = True
    touched.unknown = touched.unknown or not known


def _drop_type(touched: Touched, parts: tuple[str, ...], *, cascade: bool) -> None:
    structure = touched.structure
    composite = structure.relations.get(structure.resolve(parts))
    if composite is not None and composite.kind is Kind.COMPOSITE:
        touched.lock(composite, AX)
    if not cascade:
        return
    for relation in list(structure.relations.values()):
        if composite is not None and relation.of_type == composite.name:
            drop_relation(touched, relation, cascade=True)
    for relation in tables_with_type(structure, parts):
        touched.lock(relation, AX)
        for column in relation.columns.values():
            if column.type is not None and column.type.name == parts[-1]:
                drop_column(touched, relation, column.name, cascade=True)
                drop_users(touched, relation, column.name)
    known = composite or any(
        (schema, parts[-1]) in types
        for types in (structure.domains, structure.enums)
        for schema in structure.path_for(parts)
    )
    if not known and not structure.complete:
        touched.unknown = True


def drop_column(touched: Touched, relation: Relation, name: str, *, cascade: bool) -> None:
    """The indexes that go with a column of one relation, and the tables of its foreign keys."""
    structure = touched.structure
    for index in relation.indexes:
        found = structure.get(index).index
        if found is not None and name in index_columns(found):
            touched.lock(index, AX)
    for constraint in relation.constraints.values():
        if constraint.references is not None and name in constraint.columns:
            touched.lock_with_below(constraint.references, AX)
    for user, foreign_key in structure.foreign_keys_to(relation.name):
        if cascade and name in foreign_key.referenced_columns:
            touched.lock(user, AX)


def drop_users(touched: Touched, relation: Relation, column: str) -> None:
    """The views that CASCADE drops with a column."""
    for view in views_over(touched.structure, relation.name):
        if any(kind == "A_Star" for kind, _ in nodes(view.uses)) or _mentions(view, column):
            drop_relation(touched, view, cascade=True)
    for table in rules_over(touched.structure, relation.name):
        if column in _named_in(list(table.rules.values())):
            touched.lock(table, AX)


def _named_in(node: Node) -> set[str]:
    """The columns that statements read or set."""
    targets = {str(found.get("name")) for kind, found in nodes(node) if kind == "ResTarget"}
    return targets | columns_in(node)


def _mentions(view: Relation, column: str) -> bool:
    for kind, found in nodes(view.uses):
        if kind == "ColumnRef":
            last = found.get("fields", [{}])[-1]
            if body(last, "String").get("sval") == column:
                return True
    return False


def tables_with_type(structure: Structure, parts: tuple[str, ...]) -> Iterator[Relation]:
    """The relations that have a column of a type."""
    schema = parts[-2] if len(parts) > 1 else None
    for relation in list(structure.relations.values()):
        for column in relation.columns.values():
            found = column.type
            if found is None or found.name != parts[-1]:
                continue
            if schema is None or found.schema in (schema, None):
                yield relation
                break


def _drop_function_users(touched: Touched, parts: tuple[str, ...]) -> None:
    structure = touched.structure
    for relation in list(structure.relations.values()):
        if parts[-1] in relation.trigger_functions.values():
            touched.lock(relation, AX)
        calls = [column.default for column in relation.columns.values() if column.default]
        calls += [c.expression for c in relation.constraints.values() if c.expression]
        for expression in calls:
            for kind, found in nodes([expression.tree]):
                if kind == "FuncCall" and words(found.get("funcname"))[-1:] == parts[-1:]:
                    touched.lock(relation, AX)
    if not structure.routine(parts) and not structure.complete:
        touched.unknown = True


def owned(touched: Touched, tree: Tree) -> None:
    """DROP OWNED and REASSIGN OWNED: what a role owns is in no Structure."""
    touched.unknown = True
