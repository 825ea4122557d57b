"""What ALTER TABLE leaves behind, and the parts of it that CREATE TABLE shares."""

from __future__ import annotations

from collections.abc import Callable

from lockgate.core.effects.facts import NEWEST_MAJOR, facts
from lockgate.core.effects.names import chosen_name, index_column_names
from lockgate.core.effects.reading import (
    INDEXED,
    index_columns,
    index_name,
    parts_of,
    read_column,
    read_constraint,
    read_type,
    sequence_name,
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
)
from lockgate.core.effects.toast import has_toast
from lockgate.core.effects.trees import Node, body, columns_in, same, words
from lockgate.core.parsed import Tree


def alter_table(structure: Structure, tree: Tree) -> None:
    """ALTER TABLE, VIEW, INDEX and the like, one subcommand after the other."""
    parts = parts_of(tree.get("relation", {}))
    relation = structure.find(parts)
    recurses = tree.get("relation", {}).get("inh", False)
    for node in tree.get("cmds", ()):
        command = body(node, "AlterTableCmd")
        change = COMMANDS.get(command.get("subtype", ""))
        if change is None:
            continue
        on = list(structure.with_below(relation)) if recurses else [relation]
        for found in on if command.get("subtype") in _RECURSIVE else [relation]:
            change(structure, found, command)


_RECURSIVE = frozenset(
    (
        "AT_AddColumn",
        "AT_DropColumn",
        "AT_AlterColumnType",
        "AT_SetNotNull",
        "AT_DropNotNull",
        "AT_AddConstraint",
        "AT_DropConstraint",
        "AT_ValidateConstraint",
        "AT_DropExpression",
    )
)

# Columns


def _add_column(structure: Structure, relation: Relation, command: Tree) -> None:
    from lockgate.core.effects.applying import add_column

    definition = body(command.get("def"), "ColumnDef")
    if definition.get("colname") not in relation.columns:
        add_column(structure, relation, read_column(definition, structure, relation))


def _drop_column(structure: Structure, relation: Relation, command: Tree) -> None:
    name = command.get("name", "")
    _keep_toast(structure, relation)
    relation.columns.pop(name, None)
    for column in list(relation.columns.values()):
        if column.generated and column.default and name in columns_in(column.default.tree):
            _drop_column(structure, relation, {"name": column.name})
    for constraint in list(relation.constraints.values()):
        if name in constraint.columns:
            drop_constraint(structure, relation, constraint.name)
    for index in list(relation.indexes):
        found = structure.get(index).index
        if found is not None and name in index_columns(found):
            structure.remove(index)
    for sequence in list(structure.sequences_of(relation.name, name)):
        structure.remove(sequence.name)
    for table, foreign_key in list(structure.foreign_keys_to(relation.name)):
        if name in foreign_key.referenced_columns:
            table.constraints.pop(foreign_key.name, None)


def _keep_toast(structure: Structure, relation: Relation) -> None:
    """Remembers a TOAST table, which stays when the column goes that it was made for."""
    relation.toasted = bool(has_toast(structure, relation, facts(NEWEST_MAJOR)))


def _change_type(structure: Structure, relation: Relation, command: Tree) -> None:
    column = relation.columns.get(command.get("name", ""))
    definition = body(command.get("def"), "ColumnDef")
    if column is not None:
        column.type = read_type(definition.get("typeName"))
        if "collClause" in definition:
            column.collation = words(definition["collClause"].get("collname"))


def _set_not_null(structure: Structure, relation: Relation, command: Tree) -> None:
    column = relation.columns.get(command.get("name", ""))
    if column is not None:
        column.not_null = column.valid_not_null = True


def _drop_not_null(structure: Structure, relation: Relation, command: Tree) -> None:
    column = relation.columns.get(command.get("name", ""))
    if column is not None:
        column.not_null = False


def _default(structure: Structure, relation: Relation, command: Tree) -> None:
    column = relation.columns.get(command.get("name", ""))
    if column is not None:
        column.default = Expression(node=command["def"]) if "def" in command else None


def _add_identity(structure: Structure, relation: Relation, command: Tree) -> None:
    column = relation.columns.get(command.get("name", ""))
    if column is not None:
        column.identity = True
        found = body(command.get("def"), "Constraint")
        column.sequence = sequence_name(found, structure, relation, column.name)
        structure.add(
            Relation(column.sequence, Kind.SEQUENCE, owned_by=(relation.name, column.name))
        )


def _drop_identity(structure: Structure, relation: Relation, command: Tree) -> None:
    column = relation.columns.get(command.get("name", ""))
    if column is not None:
        column.identity = False
        for sequence in list(structure.sequences_of(relation.name, column.name)):
            structure.remove(sequence.name)


def _drop_expression(structure: Structure, relation: Relation, command: Tree) -> None:
    column = relation.columns.get(command.get("name", ""))
    if column is not None:
        column.generated, column.default = "", None


def _set_expression(structure: Structure, relation: Relation, command: Tree) -> None:
    column = relation.columns.get(command.get("name", ""))
    if column is not None:
        column.default = Expression(node=command.get("def"))


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
                column.not_null = True
        return
    if found.get("contype") in _KINDS:
        made = read_constraint(found, structure, relation)
        if made.name not in relation.constraints:
            keep_constraint(structure, relation, made, using=found.get("indexname"))


_KINDS = frozenset(
    ("CONSTR_CHECK", "CONSTR_FOREIGN", "CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION")
)


def _add_constraint(structure: Structure, relation: Relation, command: Tree) -> None:
    found = body(command.get("def"), "Constraint")
    recursive = found.get("contype") in ("CONSTR_CHECK", "CONSTR_FOREIGN", "CONSTR_NOTNULL")
    top = relation.parents and any(p in structure.relations for p in relation.parents)
    if top and not recursive:
        return  # the parent's index has been given to it by the parent's turn
    if found.get("is_no_inherit") and top:
        return
    if found.get("contype") == "CONSTR_FOREIGN" and top and not relation.partition:
        return
    add_constraint(structure, relation, found)


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


def _drop_constraint(structure: Structure, relation: Relation, command: Tree) -> None:
    drop_constraint(structure, relation, command.get("name", ""))


def _validate(structure: Structure, relation: Relation, command: Tree) -> None:
    constraint = relation.constraints.get(command.get("name", ""))
    if constraint is not None:
        constraint.valid = True
    elif command.get("name", "").endswith("_not_null"):
        for column in relation.columns.values():
            if command["name"] == chosen_name(relation.name[1], column.name, "not_null", ()):
                column.valid_not_null = True


def _alter_constraint(structure: Structure, relation: Relation, command: Tree) -> None:
    node = command.get("def", {})
    found = node.get("ATAlterConstraint") or node.get("Constraint") or {}
    constraint = relation.constraints.get(found.get("conname", ""))
    if constraint is not None and found.get("alterEnforceability"):
        constraint.enforced = constraint.valid = found.get("is_enforced", False)


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


def attach_index(
    structure: Structure,
    parent: Relation,
    table: Relation,
    *,
    inherit: bool = True,
    constraint: ConstraintKind | None = None,
) -> Name | None:
    """Gives a partition its part of a parent's index: one that is alike, else a new one."""
    above = parent.index
    if above is None:
        return None
    if inherit:
        for name in table.indexes:
            own = structure.get(name).index
            if own is not None and own.parent is None and alike(above, own):
                own.parent = parent.name
                return name
    holding = constraint or next(
        (
            held.kind
            for held in structure.get(above.table).constraints.values()
            if held.index == parent.name
        ),
        None,
    )
    label = "idx"
    if holding is not None:
        label = {"primary key": "pkey", "unique": "key", "exclude": "excl"}[holding.value]
    elements = [
        {"IndexElem": {"name": column} if column else {"expr": expression}}
        for column, expression in _elements(above)
    ]
    made_name = index_name(index_column_names(elements), label, structure, table)
    name = (table.name[0], made_name)
    made = Index(
        table.name,
        above.columns,
        above.included,
        above.expressions,
        above.predicate,
        above.unique,
        method=above.method,
        parent=parent.name if inherit else None,
    )
    holder = Relation(name, Kind.INDEX, index=made)
    structure.add(holder)
    table.indexes.append(name)
    if holding is not None:
        table.constraints[made_name] = Constraint(
            made_name, holding, tuple(c for c in above.columns if c), index=name
        )
        if holding is ConstraintKind.PRIMARY:
            for column in above.columns:
                if column in table.columns:
                    table.columns[column].not_null = True
    if table.kind is Kind.PARTITIONED:
        for child in table.children:
            attach_index(structure, holder, structure.get(child), constraint=constraint)
    return name


def _elements(index: Index) -> list[tuple[str | None, Node]]:
    expressions = iter(index.expressions)
    return [
        (column, None) if column else (None, next(expressions, Expression("1")).tree)
        for column in index.columns
    ]


def alike(one: Index, other: Index) -> bool:
    """Whether one index could be the other's part in a partition."""
    if (one.columns, one.included, one.unique, one.method) != (
        other.columns,
        other.included,
        other.unique,
        other.method,
    ):
        return False
    predicates = [index.predicate.tree if index.predicate else None for index in (one, other)]
    mine = [expression.tree for expression in one.expressions]
    theirs = [expression.tree for expression in other.expressions]
    return same(predicates[0], predicates[1]) and same(mine, theirs)


def _attach(structure: Structure, relation: Relation, command: Tree) -> None:
    found = body(command.get("def"), "PartitionCmd")
    child = structure.find(parts_of(found.get("name", {})))
    if relation.index is not None or relation.kind is Kind.INDEX:
        if child.index is not None:
            child.index.parent = relation.name
        return
    attach(structure, relation, child, found.get("bound"))


def attach(structure: Structure, relation: Relation, child: Relation, bound: Node) -> None:
    """Makes `child` a partition of `relation`."""
    child.bound, child.partition = bound, True
    if relation.name not in child.parents:
        child.parents.append(relation.name)
    if child.name not in relation.children:
        relation.children.append(child.name)
    for index in list(relation.indexes):
        attach_index(structure, structure.get(index), child)


def _detach(structure: Structure, relation: Relation, command: Tree) -> None:
    found = body(command.get("def"), "PartitionCmd")
    child = structure.find(parts_of(found.get("name", {})))
    child.bound, child.partition, child.parents = None, False, []
    if child.name in relation.children:
        relation.children.remove(child.name)
    for name in child.indexes:
        index = structure.get(name).index
        if index is not None:
            index.parent = None


def _inherit(structure: Structure, relation: Relation, command: Tree) -> None:
    parent = structure.find(parts_of(body(command.get("def"), "RangeVar")))
    relation.parents.append(parent.name)
    parent.children.append(relation.name)


def _no_inherit(structure: Structure, relation: Relation, command: Tree) -> None:
    parent = structure.find(parts_of(body(command.get("def"), "RangeVar")))
    if parent.name in relation.parents:
        relation.parents.remove(parent.name)
    if relation.name in parent.children:
        parent.children.remove(relation.name)


def _logged(structure: Structure, relation: Relation, command: Tree) -> None:
    relation.persistence = "u" if command["subtype"] == "AT_SetUnLogged" else "p"


def _cluster(structure: Structure, relation: Relation, command: Tree) -> None:
    for name in relation.indexes:
        index = structure.get(name).index
        if index is not None:
            index.clustered = name[1] == command.get("name")


def _tablespace(structure: Structure, relation: Relation, command: Tree) -> None:
    relation.tablespace = command.get("name")


def _silence(structure: Structure, relation: Relation, command: Tree) -> None:
    relation.silenced.add(command.get("name", ""))


def _silence_all(structure: Structure, relation: Relation, command: Tree) -> None:
    relation.silenced.update(relation.fires)


def _let_fire(structure: Structure, relation: Relation, command: Tree) -> None:
    relation.silenced.discard(command.get("name", ""))


def _let_all_fire(structure: Structure, relation: Relation, command: Tree) -> None:
    relation.silenced.difference_update(relation.fires)


COMMANDS: dict[str, Callable[[Structure, Relation, Tree], None]] = {
    "AT_AddColumn": _add_column,
    "AT_DropColumn": _drop_column,
    "AT_AlterColumnType": _change_type,
    "AT_SetNotNull": _set_not_null,
    "AT_DropNotNull": _drop_not_null,
    "AT_ColumnDefault": _default,
    "AT_AddIdentity": _add_identity,
    "AT_DropIdentity": _drop_identity,
    "AT_DropExpression": _drop_expression,
    "AT_SetExpression": _set_expression,
    "AT_AddConstraint": _add_constraint,
    "AT_DropConstraint": _drop_constraint,
    "AT_ValidateConstraint": _validate,
    "AT_AlterConstraint": _alter_constraint,
    "AT_AttachPartition": _attach,
    "AT_DetachPartition": _detach,
    "AT_AddInherit": _inherit,
    "AT_DropInherit": _no_inherit,
    "AT_SetLogged": _logged,
    "AT_SetUnLogged": _logged,
    "AT_ClusterOn": _cluster,
    "AT_SetTableSpace": _tablespace,
    **dict.fromkeys(("AT_DisableTrig", "AT_DisableRule"), _silence),
    **dict.fromkeys(("AT_DisableTrigAll", "AT_DisableTrigUser"), _silence_all),
    **dict.fromkeys(("AT_EnableTrig", "AT_EnableAlwaysTrig", "AT_EnableRule"), _let_fire),
    **dict.fromkeys(("AT_EnableTrigAll", "AT_EnableTrigUser"), _let_all_fire),
}
