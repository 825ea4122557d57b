"""Effects of ALTER TABLE on columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lockgate.core.effect import LockMode
from lockgate.core.effects.constraints import lock_for_foreign_key, lock_planned_indexes
from lockgate.core.effects.conversion import conversion, default_of
from lockgate.core.effects.drop import drop_column, drop_users
from lockgate.core.effects.expressions import is_volatile, proves_not_null, refuses
from lockgate.core.effects.inheritance import gaining, losing
from lockgate.core.effects.modes import AX, READ, SRE
from lockgate.core.effects.plan import Plan
from lockgate.core.effects.reading import ColumnReading, index_columns, read_column, read_type
from lockgate.core.effects.rows import function_call
from lockgate.core.effects.structure import (
    Column,
    Constraint,
    ConstraintKind,
    Expression,
    Kind,
    Relation,
    TypeName,
    spelled,
)
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import body, columns_in, is_null, nodes, words
from lockgate.core.parsed import Tree


def add(plan: Plan, command: Tree) -> None:
    """ADD COLUMN: what has to be computed for each row is, the rest is remembered."""
    touched, relation = plan.touched, plan.relation
    definition = body(command.get("def"), "ColumnDef")
    _lock_children(plan, gaining(plan.structure, relation, definition.get("colname", "")))
    if command.get("missing_ok") and definition.get("colname") in relation.columns:
        return
    if relation.kind in (Kind.COMPOSITE, Kind.VIEW, Kind.FOREIGN):
        return
    reading = read_column(definition, plan.structure, relation)
    value = _value_of_old_rows(touched, reading.column)
    computed = _is_computed(plan, reading, value)
    _look_for_missing_values(plan, reading, value, computed=computed)
    for constraint in reading.constraints:
        _hold_to(plan, constraint, reading.column, value, computed=computed)
    if not _is_known_type(touched, reading.column.type):
        touched.doubt(relation.name)


def _lock_children(plan: Plan, below: Iterable[Relation]) -> None:
    """The lock on the children of the table, and of those that change with it."""
    for relation in [plan.relation, *below] if plan.below else ():
        for child in relation.children:
            plan.touched.lock(child, plan.mode)


def _value_of_old_rows(touched: Touched, column: Column) -> Expression | None:
    """What the rows that are there get, None where that is NULL."""
    default = default_of(touched, column)
    return None if default is None or is_null(default.tree) else default


def _is_computed(plan: Plan, reading: ColumnReading, value: Expression | None) -> bool:
    """Whether the value has to be found for each row, and so all of them written anew."""
    touched, column = plan.touched, reading.column
    volatile = is_volatile(touched, value.tree) if value is not None else False
    if not (
        reading.serial
        or column.identity
        or column.generated == "stored"
        or plan.structure.is_constrained(column.type)
        or (volatile is not False and not column.generated)
    ):
        return False
    plan.rewritten = True
    plan.doubted = plan.doubted or volatile is None
    for kind, call in nodes([value.tree]) if value is not None else ():
        if kind == "FuncCall":
            function_call(touched, call)
    return True


def _look_for_missing_values(
    plan: Plan, reading: ColumnReading, value: Expression | None, *, computed: bool
) -> None:
    """Says that rows fail which get NULL and must not have it, and that they are read for it."""
    column = reading.column
    domain = plan.structure.domain(column.type)
    if domain is not None and domain.not_null and value is None:
        plan.touched.fails_if_rows = True
    given = value is not None or reading.serial or column.identity or column.generated
    if not given:
        plan.empty.add(column.name)
    if not column.not_null:
        return
    if not given:
        plan.touched.fails_if_rows = True
    if (not given or column.generated == "virtual") and not computed:
        _scan_everywhere(plan)


def _hold_to(
    plan: Plan, constraint: Constraint, column: Column, value: Expression | None, *, computed: bool
) -> None:
    """What it takes to hold the rows to a constraint that is spelled in a new column."""
    touched, filled = plan.touched, value is not None
    match constraint.kind:
        case ConstraintKind.CHECK if constraint.enforced:
            _scan_everywhere(plan)
            known = filled or computed
            if not known and proves_not_null(constraint.expression, column.name):
                touched.fails_if_rows = True
            if refuses(constraint.expression, column.name, value):
                touched.fails_if_rows = True
        case ConstraintKind.FOREIGN:
            # Without a default there is nothing to look up.
            lock_for_foreign_key(plan, constraint, checks=filled or computed)
        case ConstraintKind.PRIMARY | ConstraintKind.UNIQUE:
            for found in plan.everywhere:
                if found.kind is not Kind.PARTITIONED:
                    touched.build(found, _built(plan.relation, found, constraint.name), AX)
        case _:
            pass


def _scan_everywhere(plan: Plan) -> None:
    for relation in plan.everywhere:
        plan.touched.scan(relation, AX)


def _built(relation: Relation, found: Relation, name: str) -> str:
    if found is relation:
        return spelled((relation.name[0], name))
    return spelled((found.name[0], name.replace(relation.name[1], found.name[1], 1)))


def _is_known_type(touched: Touched, found: TypeName | None) -> bool:
    if found is None or found.name in touched.facts.types | touched.facts.contributed:
        return True
    structure = touched.structure
    return any(
        (schema, found.name) in structure.enums
        or (schema, found.name) in structure.relations
        or (schema, found.name) in structure.domains
        for schema in structure.path_for(found.parts)
    )


def drop(plan: Plan, command: Tree) -> None:
    """DROP COLUMN; what is over the column goes with it."""
    touched, name = plan.touched, command.get("name", "")
    columns = plan.relation.columns
    if command.get("missing_ok") and columns and name not in columns:
        return
    below = list(losing(plan.structure, plan.relation, name)) if plan.below else []
    _lock_children(plan, below)
    for child in plan.relation.children:  # with ONLY, they keep the column as one of their own
        touched.lock(child, AX)
    cascade = command.get("behavior") == "DROP_CASCADE"
    for relation in [plan.relation, *below]:
        drop_column(touched, relation, name, cascade=cascade)
        # What is generated from a column goes with it, up to 14 even without CASCADE.
        for column in relation.columns.values() if cascade or touched.version < 15 else ():
            made_of = columns_in(column.default.tree) if column.default else frozenset()
            if column.generated and name in made_of:
                drop_column(touched, relation, column.name, cascade=cascade)
    for relation in [plan.relation, *below]:
        for sequence in plan.structure.sequences_of(relation.name, name):
            touched.lock(sequence, AX)
    if cascade:
        drop_users(touched, plan.relation, name)


def change_type(plan: Plan, command: Tree) -> None:
    """ALTER COLUMN ... TYPE: rewrites unless every old value is one of the new type as it is."""
    touched, name = plan.touched, command.get("name", "")
    plan.lock_below()
    definition = body(command.get("def"), "ColumnDef")
    if plan.relation.kind in (Kind.COMPOSITE, Kind.VIEW, Kind.FOREIGN):
        return
    column = plan.relation.columns.get(name)
    found = conversion(
        touched,
        column,
        read_type(definition.get("typeName")),
        definition.get("raw_default"),
        definition.get("collClause"),
    )
    plan.retyped[name] = found
    if found.rewrites:
        plan.rewritten = True
        plan.doubted = plan.doubted or found.doubted
    for relation in plan.everywhere:
        for constraint in relation.constraints.values():
            if name not in constraint.columns:
                continue
            if constraint.references is not None:
                far = plan.structure.get(constraint.references)
                for other in plan.structure.with_partitions(far):
                    # 14 has the triggers that it drops only on what holds rows.
                    bare = touched.version == 14 and other.kind is Kind.PARTITIONED
                    touched.lock(other, SRE if bare else AX)
                    if constraint.valid and found.rewrites:
                        lock_planned_indexes(plan, other, READ)
            elif constraint.kind is ConstraintKind.CHECK and constraint.valid:
                touched.scan(relation, AX)
        for user, foreign_key in plan.structure.foreign_keys_to(relation.name):
            if name in foreign_key.referenced_columns:
                touched.lock(user, AX)
                if foreign_key.valid and found.rewrites:
                    touched.scan(user, AX)
                    touched.lock_indexes(user, READ)
    for sequence in plan.structure.sequences_of(plan.relation.name, name):
        if column is not None and column.identity:
            touched.lock(sequence, SRE)


def set_not_null(plan: Plan, command: Tree) -> None:
    """SET NOT NULL: all rows are looked at, unless something proves it already."""
    name = command.get("name", "")
    top = plan.relation.columns.get(name)
    skips = plan.relation.kind is Kind.PARTITIONED or plan.touched.version >= 18
    if skips and top is not None and top.not_null and top.valid_not_null:
        return  # so is all below, and none of it is opened
    plan.lock_below()
    for relation in plan.everywhere:
        column = relation.columns.get(name)
        if column is not None and column.not_null and column.valid_not_null:
            continue
        # What the same statement drops is gone before it is looked at.
        dropped = {c.get("name") for c in plan.commands if c["subtype"] == "AT_DropConstraint"}
        proofs = [c for c in relation.constraints.values() if c.valid and c.name not in dropped]
        if any(proves_not_null(c.expression, name) for c in proofs):
            continue
        plan.touched.scan(relation, AX)
        if column is None:
            plan.touched.doubt(relation.name)


def drop_not_null(plan: Plan, command: Tree) -> None:
    """DROP NOT NULL; since PostgreSQL 18 nothing is looked for below where there is none."""
    column = plan.relation.columns.get(command.get("name", ""))
    if plan.touched.version < 18 or column is None or column.not_null:
        plan.lock_below()
    if plan.touched.version >= 18 and column is not None and column.not_null:
        plan.lock_children()


def set_expression(plan: Plan, command: Tree) -> None:
    """SET EXPRESSION: what is stored is computed anew."""
    plan.lock_below()
    column = plan.relation.columns.get(command.get("name", ""))
    if column is None or column.generated != "virtual":
        plan.rewritten = True


def drop_identity(plan: Plan, command: Tree) -> None:
    """DROP IDENTITY drops the sequence."""
    _identity(plan, command, AX)


def set_identity(plan: Plan, command: Tree) -> None:
    """SET GENERATED and RESTART change the sequence."""
    _identity(plan, command, SRE)


def add_identity(plan: Plan, command: Tree) -> None:
    """ADD GENERATED."""
    _lock_partitions(plan)


def _lock_partitions(plan: Plan) -> None:
    """Partitions have the identity of their parent since PostgreSQL 17."""
    if plan.touched.version >= 17 and plan.relation.kind is Kind.PARTITIONED:
        plan.lock_below()


def _identity(plan: Plan, command: Tree, mode: LockMode) -> None:
    _lock_partitions(plan)
    for sequence in plan.structure.sequences_of(plan.relation.name, command.get("name", "")):
        plan.touched.lock(sequence, mode)


def _wanted(commands: Iterable[Tree]) -> Iterator[str]:
    """The columns that subcommands beside the columns' own definitions make NOT NULL."""
    for command in commands:
        constraint = body(command.get("def"), "Constraint")
        if command.get("subtype") == "AT_SetNotNull":
            yield command.get("name", "")
        elif constraint.get("contype") in ("CONSTR_PRIMARY", "CONSTR_NOTNULL"):
            yield from words(constraint.get("keys"))


def finish(plan: Plan) -> None:
    """What all subcommands together do: one rewrite, and the indexes over columns retyped."""
    touched = plan.touched
    if not plan.empty.isdisjoint(_wanted(plan.commands)):
        touched.fails_if_rows = True
    for relation in plan.everywhere:
        if plan.rewritten:
            touched.rewrite(relation)
            for name in (relation.name, *relation.indexes) if plan.doubted else ():
                touched.doubt(name)
        for column, found in plan.retyped.items():
            for index in relation.indexes:
                over = plan.structure.get(index).index
                if over is None or column not in index_columns(over):
                    continue
                touched.lock(index, AX)
                # A part of a partitioned index is made anew with it, whatever the types.
                computed = over.expressions or over.predicate
                # GIN keeps an array by its elements, which are no arrays.
                taken_apart = over.method == "gin" and found.array
                rebuilt = not found.same_order or over.parent or computed or taken_apart
                if rebuilt and relation.kind is not Kind.PARTITIONED:
                    touched.build(relation, spelled(index), AX)
