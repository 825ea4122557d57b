"""Effects of ALTER TABLE and of its kin for views, indexes and sequences."""

from __future__ import annotations

from collections.abc import Callable

from lockgate.core.effect import LockMode
from lockgate.core.effects import columns, constraints, partitions
from lockgate.core.effects.modes import AX, SRE, SUX
from lockgate.core.effects.plan import Plan
from lockgate.core.effects.reading import RELATION_KINDS, parts_of
from lockgate.core.effects.structure import Kind
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import body, options, words
from lockgate.core.parsed import Tree

_OBJECT = {**RELATION_KINDS, "OBJECT_TYPE": Kind.COMPOSITE}


def alter_table(touched: Touched, tree: Tree) -> None:
    """One lock for all subcommands: the strongest that any of them needs."""
    found = tree.get("relation", {})
    structure = touched.structure
    kind = _OBJECT.get(tree.get("objtype", ""), Kind.TABLE)
    relation = structure.find(parts_of(found), kind)
    if not relation.known and tree.get("missing_ok") and structure.complete:
        return
    commands = [body(node, "AlterTableCmd") for node in tree.get("cmds", ())]
    mode = max((_mode(touched, command) for command in commands), key=lambda m: m.strength)
    touched.lock(relation, mode)
    below = list(structure.below(relation)) if found.get("inh") and relation.children else []
    if kind is Kind.COMPOSITE and any(c.get("behavior") == "DROP_CASCADE" for c in commands):
        retyped = any(c.get("subtype") == "AT_AlterColumnType" for c in commands)
        typed = [r for r in structure.relations.values() if r.of_type == relation.name]
        for table in [below for one in typed for below in structure.with_below(one)]:
            touched.lock(table, AX)
            if retyped:
                touched.rewrite(table)
        if retyped and not relation.known:
            touched.doubt(relation.name)  # tables may be of this type
    plan = Plan(touched, relation, below, mode, commands)
    for command in commands:
        EFFECTS.get(command.get("subtype", ""), _nothing)(plan, command)
    columns.finish(plan)


def _mode(touched: Touched, command: Tree) -> LockMode:
    subtype = command.get("subtype", "")
    definition = command.get("def", {})
    match subtype:
        case "AT_SetStatistics" | "AT_SetOptions" | "AT_ResetOptions":
            return SUX
        case "AT_ClusterOn" | "AT_DropCluster" | "AT_ValidateConstraint":
            return SUX
        case "AT_AttachPartition":
            return SUX
        case "AT_DetachPartition":
            concurrent = body(definition, "PartitionCmd").get("concurrent")
            return SUX if concurrent else AX
        case "AT_DetachPartitionFinalize":
            return SUX
        case "AT_SetRelOptions" | "AT_ResetRelOptions" | "AT_ReplaceRelOptions":
            return _options_mode(definition)
        case "AT_AddConstraint":
            foreign = body(definition, "Constraint").get("contype") == "CONSTR_FOREIGN"
            return SRE if foreign else AX
    return SRE if subtype in _TRIGGERS else AX


_TRIGGERS = frozenset(
    (
        "AT_EnableTrig",
        "AT_EnableAlwaysTrig",
        "AT_EnableReplicaTrig",
        "AT_EnableTrigAll",
        "AT_EnableTrigUser",
        "AT_DisableTrig",
        "AT_DisableTrigAll",
        "AT_DisableTrigUser",
    )
)


def _options_mode(definition: Tree) -> LockMode:
    found = options(body(definition, "List").get("items", ()))
    return AX if _STRONG & {name.rpartition(".")[2] for name in found} else SUX


_STRONG = frozenset(
    (
        "user_catalog_table",
        "security_barrier",
        "security_invoker",
        "check_option",
        # of indexes: GIN, GiST, BRIN
        "fastupdate",
        "gin_pending_list_limit",
        "buffering",
        "pages_per_range",
        "autosummarize",
    )
)
"""Options under which nobody may read; the others hold up no more than VACUUM."""


def _nothing(plan: Plan, command: Tree) -> None:
    """Nothing beside the lock."""


def _whole_tree(plan: Plan, command: Tree) -> None:
    plan.lock_below()


def _logged(plan: Plan, command: Tree) -> None:
    wanted = "p" if command["subtype"] == "AT_SetLogged" else "u"
    relation = plan.relation
    if relation.kind is Kind.SEQUENCE:
        plan.touched.lock(relation, AX)
        return
    if relation.known and relation.persistence == wanted:
        return
    # Neither partitions nor children follow.
    plan.touched.rewrite(relation)
    for sequence in plan.structure.sequences_of(relation.name):
        if plan.touched.version >= 15:
            plan.touched.lock(sequence, AX)


def _access_method(plan: Plan, command: Tree) -> None:
    # Setting the method that a table has already writes nothing; heap is what tables have.
    if command.get("name") not in (None, "heap") or not plan.relation.known:
        plan.touched.rewrite(plan.relation)


def _tablespace(plan: Plan, command: Tree) -> None:
    relation = plan.relation
    if relation.known and command.get("name") == (relation.tablespace or "pg_default"):
        return
    if relation.kind is Kind.INDEX:
        plan.touched.lock(relation, AX).rewrites = relation.kind is Kind.INDEX
    elif relation.kind is not Kind.PARTITIONED:
        touch = plan.touched.lock(relation, AX)
        touch.rewrites = touch.scans = True
        plan.touched.lock_toast(relation, AX, AX)


def _options(plan: Plan, command: Tree) -> None:
    plan.touched.lock_toast(plan.relation, plan.mode)


def _owner(plan: Plan, command: Tree) -> None:
    if command.get("newowner", {}).get("roletype", "").startswith("ROLESPEC_CURRENT"):
        return  # whoever may alter it owns it, as far as a text can say
    plan.touched.lock_indexes(plan.relation, AX)
    plan.touched.lock_toast(plan.relation, AX, AX)
    for sequence in plan.structure.sequences_of(plan.relation.name):
        plan.touched.lock(sequence, AX)


def _cluster(plan: Plan, command: Tree) -> None:
    index = (plan.relation.name[0], command.get("name", ""))
    plan.touched.lock(index, SUX)


def _replica_identity(plan: Plan, command: Tree) -> None:
    found = body(command.get("def"), "ReplicaIdentityStmt")
    if found.get("identity_type") == "i":
        plan.touched.lock((plan.relation.name[0], found.get("name", "")), LockMode.SHARE)


def _trigger(plan: Plan, command: Tree) -> None:
    name = command.get("name")
    relation = plan.relation
    if relation.kind is not Kind.PARTITIONED:
        return
    own = any(constraint.references for constraint in relation.constraints.values())
    if (
        command.get("subtype") in ("AT_EnableTrigAll", "AT_DisableTrigAll")
        and plan.touched.version > 14
        and (own or any(plan.structure.foreign_keys_to(relation.name)))
    ):
        plan.lock_below()  # the triggers of foreign keys are rows' too
    for child in plan.below:
        row = any(
            level == "row" and name in (None, trigger) for trigger, level in child.triggers.items()
        )
        if row:
            plan.touched.lock(child, plan.mode)


def _of_type(plan: Plan, command: Tree) -> None:
    parts = words(body(command.get("def"), "TypeName").get("names"))
    if parts:
        plan.touched.lock(plan.structure.find(parts, Kind.COMPOSITE), LockMode.ACCESS_SHARE)


Handler = Callable[[Plan, Tree], None]
EFFECTS: dict[str, Handler] = {
    "AT_AddColumn": columns.add,
    "AT_DropColumn": columns.drop,
    "AT_AlterColumnType": columns.change_type,
    "AT_ColumnDefault": _whole_tree,
    "AT_SetNotNull": columns.set_not_null,
    "AT_DropNotNull": columns.drop_not_null,
    "AT_SetStatistics": _whole_tree,
    "AT_SetStorage": _whole_tree,
    "AT_SetExpression": columns.set_expression,
    "AT_DropExpression": _whole_tree,
    "AT_AddIdentity": columns.add_identity,
    "AT_DropIdentity": columns.drop_identity,
    "AT_SetIdentity": columns.set_identity,
    "AT_AddConstraint": constraints.add,
    "AT_DropConstraint": constraints.drop,
    "AT_ValidateConstraint": constraints.validate,
    "AT_AlterConstraint": constraints.alter,
    "AT_AttachPartition": partitions.attach,
    "AT_DetachPartition": partitions.detach,
    "AT_DetachPartitionFinalize": partitions.detach,
    "AT_AddInherit": partitions.inherit,
    "AT_DropInherit": partitions.no_inherit,
    "AT_SetLogged": _logged,
    "AT_SetUnLogged": _logged,
    "AT_SetAccessMethod": _access_method,
    "AT_SetTableSpace": _tablespace,
    "AT_ChangeOwner": _owner,
    "AT_ClusterOn": _cluster,
    "AT_ReplicaIdentity": _replica_identity,
    "AT_AddOf": _of_type,
    **dict.fromkeys(_TRIGGERS, _trigger),
    **dict.fromkeys(("AT_SetRelOptions", "AT_ResetRelOptions", "AT_ReplaceRelOptions"), _options),
}
