"""Columns, constraints and indexes as statements spell them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from lockgate.core.effects.names import chosen_name, index_addition, index_column_names
from lockgate.core.effects.structure import (
    Column,
    Constraint,
    ConstraintKind,
    Expression,
    Index,
    Kind,
    Name,
    Relation,
    Structure,
    TypeName,
)
from lockgate.core.effects.trees import (
    Node,
    body,
    columns_in,
    literal,
    object_name,
    only,
    options,
    words,
)
from lockgate.core.parsed import Tree
from lockgate.core.sql.trees import parse_one

SERIAL = {
    "serial": "int4",
    "serial4": "int4",
    "bigserial": "int8",
    "serial8": "int8",
    "smallserial": "int2",
    "serial2": "int2",
}

RELATION_KINDS = {
    "OBJECT_TABLE": Kind.TABLE,
    "OBJECT_FOREIGN_TABLE": Kind.FOREIGN,
    "OBJECT_VIEW": Kind.VIEW,
    "OBJECT_MATVIEW": Kind.MATERIALIZED,
    "OBJECT_INDEX": Kind.INDEX,
    "OBJECT_SEQUENCE": Kind.SEQUENCE,
}
ON_TABLE = frozenset(("OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY"))
"""What has no name but within its table."""

CONSTRAINT_KINDS = {
    "CONSTR_CHECK": ConstraintKind.CHECK,
    "CONSTR_FOREIGN": ConstraintKind.FOREIGN,
    "CONSTR_PRIMARY": ConstraintKind.PRIMARY,
    "CONSTR_UNIQUE": ConstraintKind.UNIQUE,
    "CONSTR_EXCLUSION": ConstraintKind.EXCLUDE,
    "CONSTR_NOTNULL": ConstraintKind.NOT_NULL,
}
INDEX_LABELS = {
    ConstraintKind.PRIMARY: "pkey",
    ConstraintKind.UNIQUE: "key",
    ConstraintKind.EXCLUDE: "excl",
}
"""What the name of its index ends with, for the kinds of constraint that an index holds."""

INDEXED = frozenset(INDEX_LABELS)


@dataclass(slots=True)
class ColumnReading:
    """A column as a statement spells it, with the constraints that are spelled in it."""

    column: Column
    constraints: list[Constraint] = field(default_factory=list)
    serial: bool = False
    sequence: Name | None = None


def parts_of(range_var: Tree) -> tuple[str, ...]:
    """The parts of a table's name."""
    schema = range_var.get("schemaname")
    name = range_var.get("relname", "")
    return (schema, name) if schema else (name,)


def read_type(node: Tree | None) -> TypeName | None:
    """The type that a `TypeName` means, None for one taken from elsewhere (`%TYPE`)."""
    if not node or node.get("pct_type"):
        return None
    parts = words(node.get("names"))
    if not parts:
        return None
    schema = parts[-2] if len(parts) > 1 else None
    if schema == "pg_catalog":
        schema = None
    modifiers = None
    if "typmods" in node:
        modifiers = tuple(_modifier(found) for found in node["typmods"])
    name = SERIAL.get(parts[-1], parts[-1]) if schema is None else parts[-1]
    return TypeName(schema, name, modifiers, array="arrayBounds" in node)


def _modifier(node: Tree) -> object:
    value = literal(node)
    return value if value is not None else tuple(sorted(columns_in(node)))


def is_serial(node: Tree | None) -> bool:
    """Whether the type is a serial one, which brings a sequence and a default."""
    parts = words((node or {}).get("names"))
    return len(parts) == 1 and parts[0] in SERIAL


def read_column(definition: Tree, structure: Structure, table: Relation) -> ColumnReading:
    """The column of a `ColumnDef`."""
    name = definition.get("colname", "")
    type_node = definition.get("typeName")
    column = Column(name, read_type(type_node))
    reading = ColumnReading(column, serial=is_serial(type_node))
    if "collClause" in definition:
        column.collation = words(definition["collClause"].get("collname"))
    if reading.serial:
        column.not_null = True
        reading.sequence = sequence_name({}, structure, table, name)
    if definition.get("raw_default"):
        column.default = Expression(node=definition["raw_default"])
    for node in definition.get("constraints", ()):
        _, found = only(node)
        match found.get("contype"):
            case "CONSTR_NOTNULL":
                column.not_null = True
                column.valid_not_null = not found.get("skip_validation", False)
            case "CONSTR_DEFAULT":
                column.default = Expression(node=found.get("raw_expr"))
            case "CONSTR_IDENTITY":
                column.identity = column.not_null = True
                reading.sequence = sequence_name(found, structure, table, name)
            case "CONSTR_GENERATED":
                virtual = found.get("generated_kind") == "v"
                column.generated = "virtual" if virtual else "stored"
                column.default = Expression(node=found.get("raw_expr"))
            case "CONSTR_PRIMARY" | "CONSTR_UNIQUE" | "CONSTR_CHECK" | "CONSTR_FOREIGN":
                made = read_constraint(found, structure, table, column=name)
                reading.constraints.append(made)
                if made.kind is ConstraintKind.PRIMARY:
                    column.not_null = True
            case "CONSTR_ATTR_NOT_ENFORCED" if reading.constraints:
                reading.constraints[-1].enforced = False
                reading.constraints[-1].valid = False
            case _:
                pass
    return reading


@cache
def _knows_not_enforced() -> bool:
    """Whether the parser is that of PostgreSQL 18 or newer."""
    command = body(parse_one("ALTER TABLE t ADD CHECK (true)").tree["cmds"][0], "AlterTableCmd")
    return "is_enforced" in body(command["def"], "Constraint")


def read_constraint(
    found: Tree, structure: Structure, table: Relation, *, column: str | None = None
) -> Constraint:
    """The constraint of a `Constraint` node; `column` is the one that it is spelled in."""
    kind = CONSTRAINT_KINDS[found["contype"]]
    unchecked = found.get("skip_validation", False)
    # Of NOT VALID and NOT ENFORCED, a parser that knows both says of the first that it is enforced.
    enforced = found.get("is_enforced", not (unchecked and _knows_not_enforced()))
    valid = not unchecked and enforced
    columns = words(found.get("keys") or found.get("fk_attrs"))
    if column is not None and kind is not ConstraintKind.CHECK:
        columns = (column,)
    made = Constraint("", kind, columns, valid=valid, enforced=enforced)
    made.no_inherit = found.get("is_no_inherit", False)
    if kind is ConstraintKind.CHECK:
        made.expression = Expression(found.get("cooked_expr"), found.get("raw_expr"))
        made.columns = tuple(sorted(columns_in(made.expression.tree)))
    elif kind is ConstraintKind.EXCLUDE:
        elements = [pair["List"]["items"][0] for pair in found.get("exclusions", ())]
        made.columns = tuple(index_column_names(elements))
    elif kind is ConstraintKind.FOREIGN:
        pk_table = found.get("pktable", {})
        made.references = structure.find(parts_of(pk_table)).name
        if parts_of(pk_table)[-1] == table.name[1] and made.references == table.name:
            made.references = table.name
        made.referenced_columns = words(found.get("pk_attrs"))
        made.on_delete = found.get("fk_del_action", "a")
        made.on_update = found.get("fk_upd_action", "a")
    made.name = found.get("conname") or constraint_name(made, structure, table)
    if kind in INDEXED:
        made.included = words(found.get("including"))
        if not found.get("conname"):
            columns_ = made.columns + made.included
            made.name = index_name(columns_, INDEX_LABELS[kind], structure, table)
        made.index = (table.name[0], found.get("indexname") or made.name)
    return made


def constraint_name(made: Constraint, structure: Structure, table: Relation) -> str:
    """The name that PostgreSQL gives to a constraint without one."""
    taken = set(table.constraints)
    name = table.name[1]
    match made.kind:
        case ConstraintKind.FOREIGN:
            return chosen_name(name, index_addition(made.columns), "fkey", taken)
        case ConstraintKind.CHECK:
            addition = made.columns[0] if len(made.columns) == 1 else ""
            return chosen_name(name, addition, "check", taken)
        case ConstraintKind.NOT_NULL:
            return chosen_name(name, index_addition(made.columns), "not_null", taken)
        case ConstraintKind.PRIMARY | ConstraintKind.UNIQUE | ConstraintKind.EXCLUDE:
            return index_name(made.columns, INDEX_LABELS[made.kind], structure, table)


def index_name(columns: Iterable[str], label: str, structure: Structure, table: Relation) -> str:
    """The name that PostgreSQL gives to an index without one."""
    schema, name = table.name
    addition = "" if label == "pkey" else index_addition(columns)
    return chosen_name(name, addition, label, _Taken(schema, structure, table))


def sequence_name(found: Tree, structure: Structure, table: Relation, column: str) -> Name:
    """The sequence of a column: what an IDENTITY says, as dumps do, or what PostgreSQL chooses."""
    parts = object_name(options(found.get("options")).get("sequence_name"))
    if parts:
        return (parts[-2] if len(parts) > 1 else table.name[0]), parts[-1]
    taken = _Taken(table.name[0], structure, Relation(table.name, table.kind))
    return table.name[0], chosen_name(table.name[1], column, "seq", taken)


@dataclass(frozen=True, slots=True)
class _Taken:
    """Names that an index of `table` cannot have."""

    schema: str
    structure: Structure
    table: Relation

    def __contains__(self, name: object) -> bool:
        taken = (self.schema, name) in self.structure.relations
        return taken or name in self.table.constraints


def index_elements(statement: Tree) -> list[Tree]:
    """The elements of an `IndexStmt` that its name is made of, those of INCLUDE too."""
    return [*statement.get("indexParams", ()), *statement.get("indexIncludingParams", ())]


def read_index(statement: Tree, table: Relation) -> Index:
    """The index of an `IndexStmt`."""
    columns: list[str | None] = []
    expressions, ordered_by = [], []
    for node in statement.get("indexParams", ()):
        _, element = only(node)
        columns.append(element.get("name"))
        ordered_by.append((*words(element.get("opclass")), *words(element.get("collation"))))
        if "expr" in element:
            expressions.append(Expression(node=element["expr"]))
    included = tuple(only(n)[1].get("name", "") for n in statement.get("indexIncludingParams", ()))
    where: Node = statement.get("whereClause")
    return Index(
        table.name,
        tuple(columns),
        included,
        tuple(expressions),
        Expression(node=where) if where else None,
        ordered_by=tuple(ordered_by) if any(ordered_by) else (),
        unique=statement.get("unique", False),
        method=statement.get("accessMethod", "btree"),
    )


def index_columns(index: Index) -> frozenset[str]:
    """Every column that an index needs, also in its expressions and its predicate."""
    found = {column for column in index.columns if column}
    found.update(index.included)
    for expression in (*index.expressions, *((index.predicate,) if index.predicate else ())):
        found |= columns_in(expression.tree)
    return frozenset(found)
