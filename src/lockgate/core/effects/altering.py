"""What ALTER TABLE leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lockgate.core.effects import tables
from lockgate.core.effects.facts import NEWEST_MAJOR, facts
from lockgate.core.effects.inheritance import gaining, losing
from lockgate.core.effects.names import chosen_name
from lockgate.core.effects.reading import (
    index_columns,
    parts_of,
    read_column,
    read_type,
    sequence_name,
)
from lockgate.core.effects.structure import (
    Expression,
    Kind,
    Relation,
    Structure,
)
from lockgate.core.effects.toast import has_toast
from lockgate.core.effects.trees import body, columns_in, words
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
        for found in _on(structure, relation, command) if recurses else [relation]:
            if found is not relation and command.get("subtype") == "AT_AddConstraint":
                _hand_down_constraint(structure, found, command)
            else:
                change(structure, found, command)


def _on(structure: Structure, relation: Relation, command: Tree) -> Iterator[Relation]:
    """The table and those below it that a subcommand changes, as they are before it does."""
    match command.get("subtype"):
        case "AT_AddColumn":
            column = body(command.get("def"), "ColumnDef").get("colname", "")
            below = list(gaining(structure, relation, column))
        case "AT_DropColumn":
            below = list(losing(structure, relation, command.get("name", "")))
        case subtype:
            below = list(structure.below(relation)) if subtype in _RECURSIVE else []
    yield from (relation, *below)
    for found in below if command.get("subtype") == "AT_AddColumn" else ():
        if column in found.columns:
            found.columns[column].local = False


_RECURSIVE = frozenset(
    (
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
    definition = body(command.get("def"), "ColumnDef")
    if definition.get("colname") not in relation.columns:
        tables.add_column(structure, relation, read_column(definition, structure, relation))


def _drop_column(structure: Structure, relation: Relation, command: Tree) -> None:
    name = command.get("name", "")
    _keep_toast(structure, relation)
    relation.columns.pop(name, None)
    for column in list(relation.columns.values()):
        if column.generated and column.default and name in columns_in(column.default.tree):
            _drop_column(structure, relation, {"name": column.name})
    for constraint in list(relation.constraints.values()):
        if name in constraint.columns:
            tables.drop_constraint(structure, relation, constraint.name)
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


# Constraints


def _add_constraint(structure: Structure, relation: Relation, command: Tree) -> None:
    tables.add_constraint(structure, relation, body(command.get("def"), "Constraint"))


def _hand_down_constraint(structure: Structure, child: Relation, command: Tree) -> None:
    found = body(command.get("def"), "Constraint")
    if found.get("is_no_inherit"):
        return
    kind = found.get("contype")
    # The parent's turn has given it a part of the parent's index.
    if kind in ("CONSTR_CHECK", "CONSTR_NOTNULL") or (kind == "CONSTR_FOREIGN" and child.partition):
        tables.add_constraint(structure, child, found)


def _drop_constraint(structure: Structure, relation: Relation, command: Tree) -> None:
    tables.drop_constraint(structure, relation, command.get("name", ""))


def _validate(structure: Structure, relation: Relation, command: Tree) -> None:
    name = command.get("name", "")
    constraint = relation.constraints.get(name)
    if constraint is not None:
        constraint.valid = True
        return
    for column in relation.columns.values():
        chosen = chosen_name(relation.name[1], column.name, "not_null", ())
        if column.not_null and name == (column.not_null_name or chosen):
            column.valid_not_null = True


def _alter_constraint(structure: Structure, relation: Relation, command: Tree) -> None:
    node = command.get("def", {})
    found = node.get("ATAlterConstraint") or node.get("Constraint") or {}
    constraint = relation.constraints.get(found.get("conname", ""))
    if constraint is not None and found.get("alterEnforceability"):
        constraint.enforced = constraint.valid = found.get("is_enforced", False)


# Partitions and indexes


def _attach(structure: Structure, relation: Relation, command: Tree) -> None:
    found = body(command.get("def"), "PartitionCmd")
    child = structure.find(parts_of(found.get("name", {})))
    if relation.index is not None or relation.kind is Kind.INDEX:
        if child.index is not None:
            child.index.parent = relation.name
        return
    tables.attach(structure, relation, child, found.get("bound"))


def _detach(structure: Structure, relation: Relation, command: Tree) -> None:
    found = body(command.get("def"), "PartitionCmd")
    child = structure.find(parts_of(found.get("name", {})))
    child.bound, child.partition, child.parents = None, False, []
    for column in child.columns.values():
        column.local = True
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
    for name in parent.columns.keys() & relation.columns.keys():
        relation.columns[name].local = True


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
