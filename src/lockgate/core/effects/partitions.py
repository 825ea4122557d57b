"""Effects of attaching, detaching and inheriting."""

from __future__ import annotations

from lockgate.core.effects.bounds import bound_is_proven, default_is_proven
from lockgate.core.effects.constraints import drop_triggers
from lockgate.core.effects.modes import AX, READ, SRE, SUX
from lockgate.core.effects.plan import Plan
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import Kind, Relation, Structure, spelled
from lockgate.core.effects.tables import held_by, index_to_attach, name_of_part
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import body
from lockgate.core.parsed import Tree


def attach(plan: Plan, command: Tree) -> None:
    """ATTACH PARTITION reads the new partition, unless a constraint of it proves its bounds."""
    structure, touched, parent = plan.structure, plan.touched, plan.relation
    found = body(command.get("def"), "PartitionCmd")
    if parent.kind is Kind.INDEX:
        _attach_index(plan, structure.find(parts_of(found.get("name", {})), Kind.INDEX))
        return
    child = structure.find(parts_of(found.get("name", {})))
    bound = found.get("bound", {})
    touched.lock(child, AX)
    for relation in structure.with_below(child):
        touched.lock(relation, AX)
        if not bound_is_proven(parent, relation, bound):
            touched.scan(relation, AX)
    look_into_default(touched, parent, bound)
    for index in parent.indexes:
        touched.lock(index, SUX)
        _build_part(touched, structure.get(index), child)
    for constraint in parent.constraints.values():
        if constraint.references is None:
            continue
        touched.lock_with_below(constraint.references, SRE)
        same = [own for own in child.constraints.values() if own.is_same_key(constraint)]
        if same and constraint.enforced:
            drop_triggers(touched, structure.get(constraint.references))
        if constraint.valid and not any(own.valid for own in same):
            touched.lock_indexes(structure.get(constraint.references), READ)
    lock_users(touched, parent)
    for ancestor in structure.above(parent):
        touched.lock(ancestor, READ)


def look_into_default(touched: Touched, parent: Relation, bound: Tree) -> None:
    """A new partition of `bound` may be where rows of the default partition belong."""
    default = touched.structure.default_partition(parent)
    for relation in touched.structure.with_below(default) if default is not None else ():
        touched.lock(relation, AX)
        if not default_is_proven(parent, relation, bound):
            touched.scan(relation, AX)


def lock_users(touched: Touched, parent: Relation) -> None:
    """The tables whose foreign keys lead to the rows of a new partition too."""
    for user, _ in touched.structure.keys_into(parent):
        touched.lock(user, SRE if touched.version > 14 else READ)


def _build_part(touched: Touched, parent: Relation, child: Relation) -> None:
    """Builds a partition's part of an index, unless it has one that can be it."""
    structure, above = touched.structure, parent.index
    if above is None:
        return
    holding = held_by(structure, parent.name, above)
    if index_to_attach(structure, above, child, holds=holding is not None) is not None:
        return
    if child.kind is Kind.PARTITIONED:
        for below in child.children:
            _build_part(touched, parent, structure.get(below))
    elif child.kind is Kind.TABLE:
        name = name_of_part(structure, above, child, holding)
        touched.build(child, spelled(name), AX)


def _attach_index(plan: Plan, child: Relation) -> None:
    touched = plan.touched
    touched.lock(child, AX)
    touched.lock(plan.relation, SUX)
    for index in (plan.relation.index, child.index):
        if index is not None:
            touched.lock(index.table, READ)


def detach(plan: Plan, command: Tree) -> None:
    """DETACH PARTITION, at once or in the two transactions of CONCURRENTLY."""
    structure, touched, parent = plan.structure, plan.touched, plan.relation
    found = body(command.get("def"), "PartitionCmd")
    child = structure.find(parts_of(found.get("name", {})))
    if found.get("concurrent"):
        touched.forbidden = True
        touched.lock(parent, SUX)
        touched.lock(child, AX)
        for constraint in parent.constraints.values():
            if constraint.references is not None:
                touched.lock_with_below(constraint.references, SRE)
        users = [user for user, _ in structure.keys_into(parent)]
        for user in users:
            touched.scan(user, AX)
        if users:
            _lock_attached(touched, structure, child)
        return
    for relation in structure.with_below(child):
        touched.lock(relation, AX)
    _lock_attached(touched, structure, child)
    if command.get("subtype") == "AT_DetachPartitionFinalize":
        return
    default = structure.default_partition(parent)
    if default is not None:
        touched.lock(default, AX)
    for constraint in parent.constraints.values():
        if constraint.references is not None and not (
            touched.version == 14 and structure.get(constraint.references).kind is Kind.PARTITIONED
        ):
            touched.lock_with_below(constraint.references, SRE)
    for user, _ in structure.keys_into(parent):
        touched.lock(user, AX)
        for relation in structure.with_below(user):
            touched.scan(relation, READ)
            if relation.kind is not Kind.PARTITIONED:
                touched.lock_indexes(relation, READ)
        # Rows that reference the partition would be left alone: they are looked for.
        for relation in structure.below(child):
            touched.lock_indexes(relation, READ)
        for above in structure.above(parent):
            touched.lock(above, READ)


def _lock_attached(touched: Touched, structure: Structure, child: Relation) -> None:
    for index in child.indexes:
        own = structure.get(index).index
        if own is None or own.parent is not None:
            touched.lock(index, AX)


def inherit(plan: Plan, command: Tree) -> None:
    """INHERIT."""
    parent = plan.structure.find(parts_of(body(command.get("def"), "RangeVar")))
    plan.touched.lock(parent, SUX)


def no_inherit(plan: Plan, command: Tree) -> None:
    """NO INHERIT."""
    parent = plan.structure.find(parts_of(body(command.get("def"), "RangeVar")))
    plan.touched.lock(parent, READ)
