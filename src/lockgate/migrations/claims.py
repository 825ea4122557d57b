"""Which Changes an operation of Alembic's autogenerate makes, told by what it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from alembic.operations import ops

from lockgate.core.catalog import Change
from lockgate.core.names import Name, parts_of

Claims = Callable[[Change], bool]
"""Whether an operation makes a Change."""


def flatten(operations: Iterable[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    """Each operation by itself, without the tables that Alembic puts them under."""
    for operation in operations:
        if isinstance(operation, ops.OpContainer):
            yield from flatten(operation.ops)
        else:
            yield operation


def claims_of(operation: ops.MigrateOperation, *, schema: str) -> Claims | None:
    """What `operation` makes, where `schema` is the one that unqualified names are in.

    None for an operation that is no change of structure that Alembic knows, such as SQL of the
    team's own hook.
    """
    match operation:
        case ops.CreateTableOp() | ops.DropTableOp():
            return _whole_table(_table(operation, schema))
        case ops.AddColumnOp():
            return _column(_table(operation, schema), operation.column.name, None)
        case ops.DropColumnOp():
            return _column(_table(operation, schema), operation.column_name, None)
        case ops.AlterColumnOp():
            properties = frozenset(_altered(operation))
            return _column(_table(operation, schema), operation.column_name, properties)
        case ops.CreateIndexOp() | ops.DropIndexOp():
            index = (operation.schema or schema, str(operation.index_name))
            return lambda change: change.object == "index" and parts_of(change.name) == index
        case ops.CreateTableCommentOp() | ops.DropTableCommentOp():
            return _comment("table", _table(operation, schema))
        case ops.AddConstraintOp():
            return _added_constraint(operation, schema)
        case ops.DropConstraintOp():
            name = (*_table(operation, schema), str(operation.constraint_name))
            return lambda change: change.object == "constraint" and parts_of(change.name) == name
    entity = getattr(operation, "target", None)
    return None if entity is None else _entity(entity)


def _table(operation: Any, schema: str) -> Name:  # Any: every operation on a table has these two
    return (operation.schema or schema, operation.table_name)


def _whole_table(table: Name) -> Claims:
    """A table with its columns, constraints, the sequences of its columns, and its comments.

    Not its indexes, which have operations of their own.
    """

    def claims(change: Change) -> bool:
        match change.object:
            case "table" | "column" | "constraint" | "column order":
                return parts_of(change.name)[:2] == table
            case "sequence":
                owner = _property(change, "owned by")
                return owner is not None and parts_of(owner)[:2] == table
            case "comment":
                kind, _, name = change.name.partition(" ")
                return kind in ("table", "column") and parts_of(name)[:2] == table
        return False

    return claims


def _property(change: Change, name: str) -> str | None:
    """A property of an object that was added or removed as a whole, read off its text."""
    if change.property is not None:
        return None
    text = change.to or change.from_ or ""
    found = re.search(rf'^{name} ((?:[^"\n]|"[^"]*")*)', text, re.MULTILINE)
    return None if found is None else found[1]


def _column(table: Name, column: str, properties: Collection[str] | None) -> Claims:
    """A column, or some of its `properties`; the sequence and the constraints that come with it."""
    name = (*table, column)

    def claims(change: Change) -> bool:
        if change.object == "column" and parts_of(change.name) == name:
            return properties is None or change.property in properties
        if properties is not None:
            return "comment" in properties and _comment("column", name)(change)
        if change.object == "sequence":
            owner = _property(change, "owned by")
            return owner is not None and parts_of(owner) == name
        return _comment("column", name)(change)

    return claims


def _altered(operation: ops.AlterColumnOp) -> Iterator[str]:
    if operation.modify_type is not None:
        yield from ("type", "collation")
    if operation.modify_nullable is not None:
        yield "not null"
    if operation.modify_server_default is not False:
        yield from ("default", "identity", "generated")
    if operation.modify_comment is not False:
        yield "comment"


def _comment(kind: str, name: Name) -> Claims:
    def claims(change: Change) -> bool:
        what, _, named = change.name.partition(" ")
        return change.object == "comment" and what == kind and parts_of(named) == name

    return claims


def _added_constraint(operation: ops.AddConstraintOp, schema: str) -> Claims:
    """A constraint by its name; one without a name by what PostgreSQL will call it."""
    constraint = operation.to_constraint()
    table = (constraint.table.schema or schema, constraint.table.name)
    name = constraint.name
    word = "FOREIGN KEY" if isinstance(operation, ops.CreateForeignKeyOp) else "UNIQUE"

    def claims(change: Change) -> bool:
        if change.object != "constraint" or parts_of(change.name)[:2] != table:
            return False
        if isinstance(name, str):
            return parts_of(change.name)[2] == name
        text = change.to or change.from_ or ""
        columns = [column.name for column in getattr(constraint, "columns", ())]
        return text.startswith(word) and all(column in text for column in columns)

    return claims


_ENTITY_KINDS = {
    "extension": ("extension",),
    "function": ("function", "procedure"),
    "view": ("view",),
    "materialized_view": ("materialized view",),
    "trigger": ("trigger",),
    "policy": ("policy",),
    "grant_table": ("privileges",),
}


def _entity(entity: Any) -> Claims:  # Any: an object of alembic_utils, which may not be installed
    kinds = _ENTITY_KINDS.get(entity.type_, ())
    bare = str(entity.signature).partition("(")[0]

    def claims(change: Change) -> bool:
        if change.object not in kinds:
            return False
        parts = parts_of(change.name)
        match change.object:
            case "extension":
                return parts[-1] == bare
            case "trigger" | "policy":
                table = str(entity.on_entity).replace('"', "").rpartition(".")[2]
                return (parts[0], parts[1], parts[2]) == (entity.schema, table, bare)
            case "privileges":
                return entity.schema in parts and entity.table in parts
        return parts[:2] == (entity.schema, bare)

    return claims
