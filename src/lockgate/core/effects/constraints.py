"""Effects of ALTER TABLE on constraints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lockgate.core.effect import LockMode
from lockgate.core.effects.expressions import proves_not_null
from lockgate.core.effects.modes import AX, READ, READ_ROWS, SRE, SUX
from lockgate.core.effects.names import index_column_names
from lockgate.core.effects.plan import Plan
from lockgate.core.effects.reading import INDEXED, index_name, read_constraint
from lockgate.core.effects.structure import (
    Constraint,
    ConstraintKind,
    Index,
    Kind,
    Name,
    Relation,
    Structure,
    spelled,
)
from lockgate.core.effects.tables import index_to_attach
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import body, only, same, words
from lockgate.core.parsed import Tree


def add(plan: Plan, command: Tree) -> None:
    """ADD CONSTRAINT, by its kind."""
    touched = plan.touched
    found = body(command.get("def"), "Constraint")
    kind = found.get("contype", "")
    if touched.version >= 18:
        plan.lock_below()
    if kind == "CONSTR_NOTNULL":
        _add_not_null(plan, found)
        return
    made = read_constraint(found, plan.structure, plan.relation)
    match made.kind:
        case ConstraintKind.CHECK:
            # NO INHERIT keeps it from children, whose locks are taken since PostgreSQL 18.
            for relation in [plan.relation] if made.no_inherit else list(_new_to(plan, made)):
                touched.lock(relation, plan.mode)
                if made.valid:
                    touched.scan(relation, AX)
        case ConstraintKind.FOREIGN:
            lock_for_foreign_key(plan, made, checks=made.valid)
        case _ if found.get("indexname"):
            _add_using_index(plan, made, found["indexname"], found.get("conname"))
        case _:
            _add_indexed(plan, made, found)


def _new_to(plan: Plan, made: Constraint, top: Relation | None = None) -> Iterator[Relation]:
    """Where a CHECK is new; where the same has been, it is left as it is, and all below."""
    relation = top or plan.relation
    old = relation.constraints.get(made.name)
    texts = [c.expression.tree if c and c.expression else None for c in (old, made)]
    if old is not None and old.valid and texts[0] is not None and same(*texts):
        plan.touched.lock(relation, plan.mode)
        return
    yield relation
    for name in relation.children if plan.below else ():
        yield from _new_to(plan, made, plan.structure.get(name))


def _add_not_null(plan: Plan, found: Tree) -> None:
    name = words(found.get("keys"))[-1:]
    if not found.get("is_no_inherit"):
        plan.lock_below()
    if found.get("skip_validation"):
        return
    for relation in [plan.relation] if found.get("is_no_inherit") else plan.everywhere:
        column = relation.columns.get(name[0]) if name else None
        if column is not None and column.not_null and column.valid_not_null:
            continue
        checks = [c for c in relation.constraints.values() if c.valid]
        if name and any(proves_not_null(c.expression, name[0]) for c in checks):
            continue
        plan.touched.scan(relation, AX)


def lock_for_foreign_key(plan: Plan, made: Constraint, *, checks: bool) -> None:
    """A foreign key locks both sides alike, and reads them where rows are there to be checked."""
    touched, structure = plan.touched, plan.structure
    near = plan.everywhere if plan.relation.kind is Kind.PARTITIONED else [plan.relation]
    far = structure.with_partitions(structure.get(made.references)) if made.references else ()
    partitions = plan.below if plan.relation.kind is Kind.PARTITIONED else []
    spared = {r.name for part in _with_key(partitions, made) for r in structure.with_below(part)}
    reads = any(r.kind is not Kind.PARTITIONED and r.name not in spared for r in near)
    for relation in (*near, *far):
        touched.lock(relation, SRE)
        if not checks or not reads or relation.name in spared:
            continue
        if relation in near:
            touched.scan(relation, SRE)
        lock_planned_indexes(plan, relation, READ)
    taken_over = spared or (touched.version >= 18 and any(_with_key(partitions, made, False)))
    if made.references is not None and taken_over:
        drop_triggers(touched, structure.get(made.references))  # those of the partitions' own


def _with_key(
    partitions: Iterable[Relation], made: Constraint, valid: bool = True
) -> Iterator[Relation]:
    """The partitions that have a foreign key already, which PostgreSQL takes for their part."""
    for relation in partitions:
        own = [c for c in relation.constraints.values() if c.is_same_key(made)]
        if any(c.valid or not valid for c in own):
            yield relation


def drop_triggers(touched: Touched, far: Relation) -> None:
    """The triggers of a foreign key are dropped on its far side; 14 has some on partitions only."""
    for relation in touched.structure.with_partitions(far):
        if touched.version > 14 or relation.kind is not Kind.PARTITIONED:
            touched.lock(relation, AX)


def lock_planned_indexes(plan: Plan, relation: Relation, mode: LockMode) -> None:
    """The indexes that the planner looks at; those of partitioned tables since PostgreSQL 16.

    The near side is read partition by partition.
    """
    if relation.kind is Kind.PARTITIONED and (
        plan.touched.version < 16 or relation in plan.everywhere
    ):
        return
    plan.touched.lock_indexes(relation, mode)


def _add_using_index(plan: Plan, made: Constraint, name: str, new_name: str | None) -> None:
    index = plan.structure.get((plan.relation.name[0], name), Kind.INDEX)
    # It takes the constraint's name, if that has one of its own.
    plan.touched.lock(index, READ if new_name in (name, None) else SUX)
    if made.kind is ConstraintKind.PRIMARY:
        _prove_not_null(plan, tuple(c for c in (index.index.columns if index.index else ()) if c))
        if not index.known:
            plan.touched.scan(plan.relation, AX)


def _prove_not_null(plan: Plan, columns: tuple[str, ...]) -> None:
    """A primary key makes its columns NOT NULL, which may mean to look at every row."""
    for relation in plan.everywhere:
        for name in columns:
            column = relation.columns.get(name)
            if column is None and not relation.known:
                continue
            proven = column is not None and column.not_null and column.valid_not_null
            checks = [c for c in relation.constraints.values() if c.valid]
            if not proven and not any(proves_not_null(c.expression, name) for c in checks):
                plan.touched.scan(relation, AX)


def _add_indexed(plan: Plan, made: Constraint, found: Tree) -> None:
    touched = plan.touched
    label = {"primary key": "pkey", "unique": "key", "exclude": "excl"}[made.kind.value]
    columns = made.columns
    if made.kind is ConstraintKind.EXCLUDE:
        elements = [pair["List"]["items"][0] for pair in found.get("exclusions", ())]
        columns = tuple(index_column_names(elements))
    if made.kind is ConstraintKind.PRIMARY:
        _prove_not_null(plan, made.columns)
        if not _are_not_null(plan.relation, made.columns):
            plan.lock_children()
    for relation in plan.everywhere:
        if relation is not plan.relation and plan.relation.kind is not Kind.PARTITIONED:
            continue
        below = relation is not plan.relation
        mode = LockMode.SHARE if below and not _takes_all(plan, made) else AX
        index = Index(plan.relation.name, made.columns, made.included, unique=True)
        there = index_to_attach(plan.structure, index, relation, holds=True) if below else None
        if there is not None:
            touched.lock(relation, mode)
            touched.lock(there, LockMode.SHARE)
            continue
        name = made.name if not below else index_name(columns, label, plan.structure, relation)
        if relation.kind is Kind.PARTITIONED:
            touched.lock(relation, mode)
        else:
            touched.build(relation, spelled((relation.name[0], name)), mode)


def _takes_all(plan: Plan, made: Constraint) -> bool:
    """Whether partitions are locked as their parent is: since PostgreSQL 18, or to add NOT NULL."""
    if plan.touched.version >= 18:
        return True
    if made.kind is not ConstraintKind.PRIMARY:
        return False
    return not _are_not_null(plan.relation, made.columns)


def _are_not_null(relation: Relation, columns: Iterable[str]) -> bool:
    found = [relation.columns.get(name) for name in columns]
    return all(column is not None and column.not_null for column in found)


def drop(plan: Plan, command: Tree) -> None:
    """DROP CONSTRAINT; of a foreign key, on both sides."""
    structure, touched = plan.structure, plan.touched
    constraint = plan.relation.constraints.get(command.get("name", ""))
    if constraint is None:
        plan.lock_below()
        if touched.version >= 18:
            plan.lock_children()
        return
    cascade = command.get("behavior") == "DROP_CASCADE"
    if (
        constraint.kind is ConstraintKind.CHECK and not constraint.no_inherit
    ) or plan.relation.kind is Kind.PARTITIONED:
        plan.lock_below()
    checks = constraint.kind is ConstraintKind.CHECK and not constraint.no_inherit
    if checks and touched.version >= 18:  # with ONLY too
        plan.lock_children()
    if constraint.references is not None:
        far = structure.get(constraint.references)
        touched.lock(far, AX)
        for relation in structure.below(far) if far.kind is Kind.PARTITIONED else ():
            # Of a partitioned one, 14 locks the partitions that hold rows.
            if touched.version > 14 or relation.kind is not Kind.PARTITIONED:
                touched.lock(relation, AX)
    if constraint.kind in INDEXED and constraint.index is not None:
        touched.lock(constraint.index, AX)
        for relation in plan.below:
            for index in relation.indexes:
                if _rests_on(structure, index, constraint.index):
                    touched.lock(index, AX)
        if cascade:
            for user, foreign_key in structure.foreign_keys_to(plan.relation.name):
                if foreign_key.referenced_columns == constraint.columns:
                    touched.lock(user, AX)


def _rests_on(structure: Structure, index: Name, top: Name) -> bool:
    """Whether an index is a part of `top`, or a part of a part."""
    own = structure.get(index).index
    while own is not None and own.parent is not None:
        if own.parent == top:
            return True
        own = structure.get(own.parent).index
    return False


def validate(plan: Plan, command: Tree) -> None:
    """VALIDATE CONSTRAINT reads all rows under a lock that blocks nobody who works on rows."""
    structure, touched = plan.structure, plan.touched
    name = command.get("name", "")
    constraint = plan.relation.constraints.get(name)
    if constraint is not None and constraint.valid:
        return
    if constraint is None or constraint.references is None:
        _validate_check(plan, name, constraint)
        return
    near = plan.everywhere if plan.relation.kind is Kind.PARTITIONED else [plan.relation]
    for relation in near:
        if relation is not plan.relation and not _has_yet_to_hold(relation, constraint):
            continue
        touched.scan(relation, SUX)
        if relation.kind is not Kind.PARTITIONED:
            touched.lock_indexes(relation, READ)
    if not any(touched.reads(relation) for relation in near):
        return
    far = structure.get(constraint.references)
    for relation in structure.with_partitions(far):
        touched.lock(relation, READ_ROWS if relation is far else READ)
        lock_planned_indexes(plan, relation, READ)


def _validate_check(plan: Plan, name: str, constraint: Constraint | None) -> None:
    """Of a CHECK or NOT NULL, or what nobody knows; below it may hold already."""
    touched, relation = plan.touched, plan.relation
    if constraint is not None and constraint.no_inherit:
        touched.scan(relation, SUX)
        return
    plan.lock_below()
    for found in plan.everywhere:
        own = found.constraints.get(name)
        if found is relation or own is None or not own.valid:
            touched.scan(found, SUX)
    if constraint is None:
        touched.doubt(relation.name)


def _has_yet_to_hold(relation: Relation, key: Constraint) -> bool:
    """Whether a partition has the foreign key, and not all of its rows are known to hold to it."""
    own = [one for one in relation.constraints.values() if one.is_same_key(key)]
    return not any(one.valid for one in own)


def alter(plan: Plan, command: Tree) -> None:
    """ALTER CONSTRAINT; of the far side only where it begins or ceases to be enforced."""
    node = command.get("def", {})
    found = node.get("ATAlterConstraint") or node.get("Constraint") or {}
    constraint = plan.relation.constraints.get(found.get("conname", ""))
    if plan.relation.kind is Kind.PARTITIONED:
        plan.lock_below()
    if found.get("alterInheritability"):
        plan.lock_children()
    if not found.get("alterEnforceability"):
        return
    if constraint is None and found.get("is_enforced"):
        plan.touched.scan(plan.relation, AX)
        plan.touched.doubt(plan.relation.name)
    if constraint is None or not constraint.references:
        return
    if constraint.enforced == bool(found.get("is_enforced")):
        return
    if found.get("is_enforced"):
        lock_for_foreign_key(plan, constraint, checks=True)
    else:
        plan.touched.lock(constraint.references, AX)


def kept_by(found: Tree) -> ConstraintKind | None:
    """The kind of index that a `Constraint` node makes; None where it makes none."""
    kinds = {
        "CONSTR_PRIMARY": ConstraintKind.PRIMARY,
        "CONSTR_UNIQUE": ConstraintKind.UNIQUE,
        "CONSTR_EXCLUSION": ConstraintKind.EXCLUDE,
    }
    return kinds.get(only({"x": found})[1].get("contype", ""))
