"""Effects of attaching, detaching and inheriting."""

from __future__ import annotations

from lockgate.core.effects.bounds import bound_is_proven, default_is_proven
from lockgate.core.effects.constraints import is_same_key
from lockgate.core.effects.modes import AX, READ, SRE, SUX
from lockgate.core.effects.names import index_column_names
from lockgate.core.effects.plan import Plan
from lockgate.core.effects.reading import index_name, parts_of
from lockgate.core.effects.structure import Kind, Relation, Structure, spelled
from lockgate.core.effects.tables import index_to_attach
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
    default = structure.default_partition(parent)
    if default is not None:
        for relation in structure.with_below(default):
            touched.lock(relation, AX)
            if not default_is_proven(parent, relation, bound):
                touched.scan(relation, AX)
    for index in parent.indexes:
        touched.lock(index, SUX)
        above = structure.get(index).index
        if above is None:
            continue
        held = any(constraint.index == index for constraint in parent.constraints.values())
        there = index_to_attach(structure, above, child, holds=held)
        if there is None and child.kind is not Kind.PARTITIONED:
            touched.build(child, _new_index(structure, child, index), AX)
    for constraint in parent.constraints.values():
        if constraint.references is None:
            continue
        if any(is_same_key(constraint, own) for own in child.constraints.values()):
            touched.lock(constraint.references, AX)  # the child's own triggers there are dropped
            continue
        touched.lock(constraint.references, SRE)
        if constraint.valid:
            touched.lock_indexes(structure.get(constraint.references), READ)
    for user, _ in structure.foreign_keys_to(parent.name):
        touched.lock(user, SRE if touched.version > 14 else READ)
    for ancestor in structure.above(parent):
        touched.lock(ancestor, READ)


def _new_index(structure: Structure, child: Relation, parent: tuple[str, str]) -> str:
    above = structure.get(parent).index
    label = "idx"
    for constraint in structure.get(above.table).constraints.values() if above else ():
        if constraint.index == parent:
            label = "pkey" if constraint.kind == "primary key" else "key"
    columns = above.columns if above else ()
    elements: list[Tree] = [{"IndexElem": {"name": c} if c else {"expr": {}}} for c in columns]
    return spelled(
        (child.name[0], index_name(index_column_names(elements), label, structure, child))
    )


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
                touched.lock(constraint.references, SRE)
        users = _users(structure, parent)
        for user in users:
            touched.lock(user, AX).scans = True
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
        if constraint.references is not None:
            touched.lock(constraint.references, SRE)
    for user in _users(structure, parent):
        touched.lock(user, AX).scans = True
        # Rows that reference the partition would be left alone: they are looked for.
        for relation in structure.below(child):
            touched.lock_indexes(relation, READ)
        for above in structure.above(parent):
            touched.lock(above, READ)


def _users(structure: Structure, parent: Relation) -> list[Relation]:
    """The tables whose foreign keys lead to the rows of a partition of `parent`."""
    referenced = [parent, *structure.above(parent)]
    return [user for one in referenced for user, _ in structure.foreign_keys_to(one.name)]


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
