"""Puts columns, constraints and indexes into a table of a Structure, renames them, takes them out.

What goes along with each goes along here: the sequence of a column, the index of a constraint, the
parts of a partitioned table's index. CREATE TABLE, ALTER TABLE and a Catalog are read elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

from lockgate.core.effects.names import index_column_names
from lockgate.core.effects.reading import (
    INDEX_LABELS,
    INDEXED,
    ColumnReading,
    index_name,
    read_constraint,
)
from lockgate.core.effects.structure import (
    Constraint,
    ConstraintKind,
    Expression,
    Index,
    Kind,
    Name,
    Relation,
    Structure,
    spelled,
)
from lockgate.core.effects.trees import Node, body, same, words
from lockgate.core.parsed import Tree

# Columns


def add_column(structure: Structure, table: Relation, reading: ColumnReading) -> None:
    """Puts a column in, with its sequence, its constraints and their indexes."""
    column = reading.column
    table.columns[column.name] = column
    if reading.sequence is not None:
        name = column.sequence = reading.sequence
        if reading.serial:
            column.default = Expression(node=_next_value(spelled(name)))
        structure.add(Relation(name, Kind.SEQUENCE, owned_by=(table.name, column.name)))
    for constraint in reading.constraints:
        keep_constraint(structure, table, constraint)


def _next_value(sequence: str) -> Tree:
    return {
        "FuncCall": {
            "funcname": [{"String": {"sval": "nextval"}}],
            "args": [{"A_Const": {"sval": {"sval": sequence}}}],
        }
    }


def rename_column(structure: Structure, relation: Relation, old: str, new: str) -> None:
    """Gives a column another name, also in what is over it."""
    column = relation.columns.get(old)
    if column is not None:
        column.name = new
        relation.columns = {new if n == old else n: c for n, c in relation.columns.items()}
    for constraint in relation.constraints.values():
        constraint.columns = _renamed(constraint.columns, old, new)
        if constraint.expression is not None:
            _rename_in(constraint.expression.tree, old, new)
    for name in relation.indexes:
        index = structure.get(name).index
        if index is not None:
            index.columns = tuple(new if c == old else c for c in index.columns)
            index.included = _renamed(index.included, old, new)
            for expression in (*index.expressions, index.predicate):
                if expression is not None:
                    _rename_in(expression.tree, old, new)
    for view in structure.starred:
        if old in view.stars.get(relation.name, ()):
            view.stars[relation.name] = view.stars[relation.name] - {old} | {new}
    for _, foreign_key in structure.foreign_keys_to(relation.name):
        foreign_key.referenced_columns = _renamed(foreign_key.referenced_columns, old, new)
    for sequence in structure.sequences_of(relation.name, old):
        sequence.owned_by = relation.name, new


def _renamed(columns: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if column == old else column for column in columns)


def _rename_in(node: Node, old: str, new: str) -> None:
    if isinstance(node, dict):
        fields = body(node, "ColumnRef").get("fields")
        if fields and body(fields[-1], "String").get("sval") == old:
            fields[-1] = {"String": {"sval": new}}
        for value in node.values():
            _rename_in(value, old, new)
    elif isinstance(node, list):
        for value in node:
            _rename_in(value, old, new)


# Constraints


def add_constraint(structure: Structure, relation: Relation, found: Tree) -> None:
    """Puts in the constraint of a `Constraint` node."""
    if found.get("contype") == "CONSTR_NOTNULL":
        for name in words(found.get("keys")):
            column = relation.columns.get(name)
            if column is not None:
                valid = not found.get("skip_validation", False)
                column.valid_not_null = valid or (column.not_null and column.valid_not_null)
                column.not_null, column.not_null_name = True, found.get("conname")
        return
    if "indexname" in found:  # without a name of its own it takes the index's
        found = {"conname": found["indexname"], **found}
    if found.get("contype") in _KINDS:
        made = read_constraint(found, structure, relation)
        if made.name not in relation.constraints:
            keep_constraint(structure, relation, made, using=found.get("indexname"))


_KINDS = frozenset(
    ("CONSTR_CHECK", "CONSTR_FOREIGN", "CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION")
)


def keep_constraint(
    structure: Structure, relation: Relation, made: Constraint, *, using: str | None = None
) -> None:
    """Puts in a constraint, with the index that holds it; `using` names one that exists."""
    relation.constraints[made.name] = made
    structure.refer(relation.name, made)
    if made.references is not None and not made.referenced_columns:
        made.referenced_columns = primary_key(structure.get(made.references))
    if made.kind not in INDEXED:
        return
    if using is not None:
        old = (relation.name[0], using)
        index = structure.get(old).index
        made.columns = tuple(c for c in (index.columns if index else ()) if c)
        structure.rename(old, (relation.name[0], made.name))
        made.index = (relation.name[0], made.name)
    else:
        unique = made.kind is not ConstraintKind.EXCLUDE
        index = Index(relation.name, made.columns, made.included, unique=unique)
        assert made.index is not None
        name = made.index
        holder = Relation(name, Kind.INDEX, index=index)
        structure.add(holder)
        relation.indexes.append(name)
        if relation.kind is Kind.PARTITIONED:
            for child in relation.children:
                attach_index(structure, holder, structure.get(child), constraint=made.kind)
    if made.kind is ConstraintKind.PRIMARY:
        for name_ in made.columns:
            column = relation.columns.get(name_)
            if column is not None:
                column.not_null = column.valid_not_null = True


def primary_key(relation: Relation) -> tuple[str, ...]:
    """The columns of its primary key."""
    for constraint in relation.constraints.values():
        if constraint.kind is ConstraintKind.PRIMARY:
            return constraint.columns
    return ()


def drop_constraint(structure: Structure, relation: Relation, name: str) -> None:
    """Takes a constraint out, its index, and the foreign keys that rest on it."""
    constraint = relation.constraints.pop(name, None)
    if constraint is None:
        return
    for child in relation.children:
        below = structure.get(child)
        index = below.constraints.get(name)
        if index is not None and constraint.kind not in INDEXED:
            drop_constraint(structure, below, name)
    if constraint.index is not None:
        for other in list(structure.parts_of_index(constraint.index)):
            table = structure.get(other.index.table) if other.index else relation
            for held in [c for c in table.constraints.values() if c.index == other.name]:
                drop_constraint(structure, table, held.name)
        structure.remove(constraint.index)
        for table, foreign_key in list(structure.foreign_keys_to(relation.name)):
            if foreign_key.referenced_columns == constraint.columns:
                table.constraints.pop(foreign_key.name, None)


def rename_constraint(structure: Structure, relation: Relation, old: str, new: str) -> None:
    """Gives a constraint another name, and its index."""
    constraint = relation.constraints.pop(old, None)
    if constraint is None:
        return
    constraint.name = new
    relation.constraints[new] = constraint
    if constraint.index is not None:
        structure.rename(constraint.index, (relation.name[0], new))


# Partitions and indexes


def attach(structure: Structure, relation: Relation, child: Relation, bound: Node) -> None:
    """Makes `child` a partition of `relation`."""
    child.bound, child.partition = bound, True
    if relation.name not in child.parents:
        child.parents.append(relation.name)
    if child.name not in relation.children:
        relation.children.append(child.name)
    for column in child.columns.values():
        column.local = False
    for index in list(relation.indexes):
        attach_index(structure, structure.get(index), child)
    for key in list(relation.constraints.values()):
        if key.references is not None:
            for below in structure.with_below(child):
                _inherit_key(structure, below, key)
    for below in structure.with_below(child):
        inherit_triggers(relation, below)


def inherit_triggers(relation: Relation, partition: Relation) -> None:
    """Gives a partition the triggers of its parent that fire for each row."""
    for name, level in relation.triggers.items():
        if level == "row" and name not in partition.triggers:
            partition.triggers[name] = level
            partition.trigger_functions[name] = relation.trigger_functions[name]
            if name in relation.fires:
                partition.fires[name] = relation.fires[name]


def _inherit_key(structure: Structure, partition: Relation, key: Constraint) -> None:
    """Gives a partition its parent's foreign key, if it has none that is the same."""
    same = [one for one in partition.constraints.values() if one.is_same_key(key)]
    for one in same:
        one.valid = one.valid or key.valid
    if not same:
        number = 0
        name = key.name
        while name in partition.constraints:
            number += 1
            name = f"{key.name}_{number}"
        partition.constraints[name] = replace(key, name=name)
        structure.refer(partition.name, key)


def attach_index(
    structure: Structure,
    parent: Relation,
    table: Relation,
    *,
    inherit: bool = True,
    constraint: ConstraintKind | None = None,
) -> None:
    """Gives a partition its part of a parent's index: one that is alike, else a new one."""
    above = parent.index
    if above is None:
        return
    holding = constraint or held_by(structure, parent.name, above)
    there = index_to_attach(structure, above, table, holds=holding is not None)
    if inherit and there is not None and there.index is not None:
        there.index.parent = parent.name
        return
    made = _make_alike(structure, above, table, holding)
    if made.index is not None and inherit:
        made.index.parent = parent.name
    if table.kind is Kind.PARTITIONED:
        for child in table.children:
            attach_index(structure, made, structure.get(child), constraint=constraint)


def index_to_attach(
    structure: Structure, above: Index, table: Relation, *, holds: bool
) -> Relation | None:
    """The index of a partition that can become its part of another; `holds` a constraint if that.

    PostgreSQL builds none where there is one.
    """
    for name in table.indexes:
        own = structure.get(name).index
        if own is None or own.parent is not None or not own.valid or not alike(above, own):
            continue
        if not holds or held_by(structure, name, own) is not None:
            return structure.get(name)
    return None


def held_by(structure: Structure, name: Name, index: Index) -> ConstraintKind | None:
    """The kind of the constraint that rests on an index."""
    for constraint in structure.get(index.table).constraints.values():
        if constraint.index == name:
            return constraint.kind
    return None


def name_of_part(
    structure: Structure, index: Index, table: Relation, holding: ConstraintKind | None
) -> Name:
    """What an index of `table` is called that is made like another's."""
    elements = [
        {"IndexElem": {"name": column} if column else {"expr": expression}}
        for column, expression in _elements(index)
    ]
    label = INDEX_LABELS[holding] if holding is not None else "idx"
    return table.name[0], index_name(index_column_names(elements), label, structure, table)


def _make_alike(
    structure: Structure, index: Index, table: Relation, holding: ConstraintKind | None
) -> Relation:
    """Makes an index of `table` like another's, and the constraint that it is `holding`."""
    made = Relation(name_of_part(structure, index, table, holding), Kind.INDEX)
    made.index = replace(index, table=table.name, valid=True, parent=None, clustered=False)
    structure.add(made)
    table.indexes.append(made.name)
    if holding is not None:
        columns = tuple(column for column in index.columns if column)
        name = made.name[1]
        table.constraints[name] = Constraint(name, holding, columns, index=made.name)
        for column in columns if holding is ConstraintKind.PRIMARY else ():
            if column in table.columns:
                table.columns[column].not_null = True
    return made


def _elements(index: Index) -> list[tuple[str | None, Node]]:
    expressions = iter(index.expressions)
    return [
        (column, None) if column else (None, next(expressions, Expression("1")).tree)
        for column in index.columns
    ]


def alike(one: Index, other: Index) -> bool:
    """Whether one index could be the other's part in a partition."""
    compared = [(i.columns, i.included, i.unique, i.method, i.ordered_by) for i in (one, other)]
    if compared[0] != compared[1]:
        return False
    predicates = [index.predicate.tree if index.predicate else None for index in (one, other)]
    mine = [expression.tree for expression in one.expressions]
    theirs = [expression.tree for expression in other.expressions]
    return same(predicates[0], predicates[1]) and same(mine, theirs)
