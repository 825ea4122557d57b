"""What the columns of a table refuse: that one is not there, is there, or is of another sort."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from lockgate.core.effects.reading import parts_of, read_type
from lockgate.core.effects.structure import Column, Kind, Relation, Structure
from lockgate.core.effects.trees import Node, body, nodes, object_name, only, options, words
from lockgate.core.parsed import Tree
from lockgate.core.refusals.refusal import (
    SYSTEM_COLUMNS,
    Refusal,
    known,
    no_column,
    refused,
    shown,
    taken,
)


@dataclass(frozen=True, slots=True)
class Altered:
    """A table that a statement alters, with what other actions of the same statement do to it."""

    structure: Structure
    version: int
    table: Relation
    only: bool = False
    added: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    freed: frozenset[str] = frozenset()
    """Columns that lose their default, identity or NOT NULL in the same statement, or get one."""
    constraints_dropped: frozenset[str] = frozenset()
    constraints_added: frozenset[str] = frozenset()
    adds_key: bool = False
    names: tuple[str, ...] = field(default=())

    def column(self, name: str) -> Column | None:
        """A column that is there before and after the statement."""
        return None if name in self.added | self.dropped else self.table.columns.get(name)

    def settled(self, name: str) -> Column | None:
        """A `column` of whose values the same statement decides nothing else; see `freed`."""
        return None if name in self.freed else self.column(name)

    def lacking(self, name: str) -> Iterator[Refusal]:
        """That a column is not there, and no action of the statement adds it."""
        if name not in self.added:
            yield from no_column(self.table, name)

    def refuses(self, message: str, remedy: str, *others: str) -> Refusal:
        """That PostgreSQL does not do it to this table."""
        return refused(message, remedy, self.table.name[1], *others, relation=self.table.name)


Action = Callable[[Altered, Tree], Iterator[Refusal]]


def added(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """ADD COLUMN."""
    definition = body(command.get("def"), "ColumnDef")
    name, table = definition.get("colname", ""), asked.table
    if name in SYSTEM_COLUMNS and table.kind is not Kind.COMPOSITE:
        yield asked.refuses(f"{name} is the name of a system column", "choose another name")
    elif name in table.columns and name not in asked.dropped and not command.get("missing_ok"):
        yield taken(
            f"column {name} of {shown(table.name)}",
            table.name[1],
            name,
            relation=table.name,
            remedy="leave it out, or write ADD COLUMN IF NOT EXISTS",
        )
    if table.partition:
        yield asked.refuses(
            f"{shown(table.name)} is a partition, and has the columns of its parent",
            "add the column to the parent",
        )
    elif table.kind is Kind.PARTITIONED and table.children and asked.only:
        yield asked.refuses("the column has to be added to the partitions too", "leave out ONLY")


def dropped(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """DROP COLUMN."""
    name, table = command.get("name", ""), asked.table
    if not command.get("missing_ok"):
        yield from no_column(table, name)
    yield from _inherited(asked, name, "dropped")
    yield from _key_of_partitions(asked, name, "dropped")
    if table.kind is Kind.PARTITIONED and table.children and asked.only:
        yield asked.refuses(
            "the column has to be dropped from the partitions too", "leave out ONLY"
        )


def _inherited(asked: Altered, name: str, done: str) -> Iterator[Refusal]:
    if asked.table.partition and name in asked.table.columns:
        yield asked.refuses(
            f"{name} is a column of the parent of {shown(asked.table.name)}, and not {done} here",
            "alter the parent",
            name,
        )


def _key_of_partitions(asked: Altered, name: str, done: str) -> Iterator[Refusal]:
    key = asked.table.partitioned_by
    if isinstance(key, dict) and name in asked.table.columns and name in named_in_key(key):
        yield asked.refuses(
            f"{shown(asked.table.name)} is partitioned by {name}, which is not {done}",
            "make a new partitioned table beside it, and move the rows over",
            name,
        )


def named_in_key(key: Tree) -> set[str]:
    """The columns by which a table is partitioned, also in expressions."""
    found = set()
    for node in key.get("partParams", ()):
        element = body(node, "PartitionElem")
        found |= {element["name"]} if "name" in element else set(_columns_in(element.get("expr")))
    return found


def _columns_in(expression: Node) -> Iterator[str]:
    """The columns that an expression names without a table."""
    for kind, found in nodes(expression):
        fields = words(found.get("fields")) if kind == "ColumnRef" else ()
        if len(fields) == 1 and fields[0] != "*":
            yield fields[0]


def altered(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """Any ALTER COLUMN: that the column is there."""
    name = command.get("name")
    if name is not None:
        yield from asked.lacking(name)


def default(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """SET DEFAULT and DROP DEFAULT."""
    yield from altered(asked, command)
    column = asked.settled(command.get("name", ""))
    if column is None:
        return
    if column.generated:
        yield asked.refuses(
            f"{column.name} is a generated column, and has no default",
            "drop the column and add it anew, or its EXPRESSION first",
            column.name,
        )
    elif column.identity:
        yield asked.refuses(
            f"{column.name} is an identity column, and has no default",
            "write DROP IDENTITY before",
            column.name,
        )
    for name in _columns_in(command.get("def")):
        yield asked.refuses(
            f"a default names no column, as this does {name}", "write a constant or a function"
        )


def not_null_dropped(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """DROP NOT NULL."""
    yield from altered(asked, command)
    column = asked.settled(command.get("name", ""))
    if column is None:
        return
    if column.identity:
        yield asked.refuses(
            f"{column.name} is an identity column, which is NOT NULL",
            "write DROP IDENTITY before",
            column.name,
        )
    for constraint in asked.table.constraints.values():
        if (
            constraint.kind == "primary key"
            and column.name in constraint.columns
            and constraint.name not in asked.constraints_dropped
        ):
            yield asked.refuses(
                f"{column.name} is in the primary key, and so NOT NULL",
                "drop the primary key before",
                column.name,
                constraint.name,
            )


def identity(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """ADD GENERATED ... AS IDENTITY."""
    yield from altered(asked, command)
    column = asked.settled(command.get("name", ""))
    if column is None:
        return
    if column.identity:
        yield asked.refuses(
            f"{column.name} is an identity column already", "write SET GENERATED", column.name
        )
    elif column.type is not None and not _counts(asked.structure, column):
        yield asked.refuses(
            f"an identity column is smallint, integer or bigint, and {column.name} is not",
            "change its type before",
            column.name,
        )
    elif not column.not_null:
        yield asked.refuses(
            f"{column.name} is not NOT NULL, as an identity column has to be",
            "write SET NOT NULL before",
            column.name,
        )
    elif column.default is not None:
        yield asked.refuses(
            f"{column.name} has a default", "write DROP DEFAULT before", column.name
        )


def _counts(structure: Structure, column: Column) -> bool:
    found = column.type
    own = found is not None and structure.domain(found) is None
    return own and found is not None and not found.array and found.name in _COUNTING


_COUNTING = ("int2", "int4", "int8")


def identity_altered(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """SET GENERATED and DROP IDENTITY."""
    yield from altered(asked, command)
    column = asked.column(command.get("name", ""))
    if column is None or column.identity or command.get("missing_ok"):
        return
    if column.name not in asked.freed:
        yield asked.refuses(
            f"{column.name} is no identity column", "leave the statement out", column.name
        )


def expression(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """DROP EXPRESSION and SET EXPRESSION."""
    yield from altered(asked, command)
    column = asked.column(command.get("name", ""))
    if column is not None and not column.generated and not command.get("missing_ok"):
        yield asked.refuses(
            f"{column.name} is no generated column", "leave the statement out", column.name
        )


def retyped(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """ALTER COLUMN ... TYPE, but for the cast."""
    name = command.get("name", "")
    yield from no_column(asked.table, name)
    yield from _inherited(asked, name, "altered")
    yield from _key_of_partitions(asked, name, "altered")
    definition = body(command.get("def"), "ColumnDef")
    column = asked.column(name)
    new = read_type(definition.get("typeName"))
    counts = new is None or new.schema or _counts(asked.structure, Column(name, new))
    if column is not None and column.identity and not counts and name not in asked.freed:
        yield asked.refuses(
            f"{name} is an identity column, which is smallint, integer or bigint",
            "write DROP IDENTITY before",
            name,
        )
    for one in _columns_in(definition.get("raw_default")):
        yield from no_column(asked.table, one)


ACTIONS: dict[str, Action] = {
    "AT_AddColumn": added,
    "AT_DropColumn": dropped,
    "AT_ColumnDefault": default,
    "AT_DropNotNull": not_null_dropped,
    "AT_AddIdentity": identity,
    "AT_SetIdentity": identity_altered,
    "AT_DropIdentity": identity_altered,
    "AT_DropExpression": expression,
    "AT_SetExpression": expression,
    "AT_AlterColumnType": retyped,
    **dict.fromkeys(
        ("AT_SetNotNull", "AT_SetStatistics", "AT_SetStorage", "AT_SetCompression"), altered
    ),
}


def renamed(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """RENAME COLUMN and RENAME ATTRIBUTE."""
    table = known(structure, parts_of(tree.get("relation") or {}))
    if table is None or tree.get("renameType") not in ("OBJECT_COLUMN", "OBJECT_ATTRIBUTE"):
        return
    asked = Altered(structure, 0, table)
    old, new = tree.get("subname", ""), tree.get("newname", "")
    yield from no_column(table, old)
    yield from _inherited(asked, old, "renamed")
    if new in table.columns and new != old:
        yield taken(
            f"column {new} of {shown(table.name)}", table.name[1], new, old, relation=table.name
        )


def needed(
    table: Relation | None, expressions: Iterable[Node], more: Iterable[str] = ()
) -> Iterator[Refusal]:
    """That an expression over one table names a column that it does not have."""
    if table is None:
        return
    found = {name for expression in expressions for name in _columns_in(expression)}
    for name in sorted(found.union(more) - {table.name[1]}):
        yield from no_column(table, name)


def indexed(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """The columns of a CREATE INDEX."""
    table = known(structure, parts_of(tree.get("relation") or {}))
    elements = [
        only(node)[1]
        for node in (*tree.get("indexParams", ()), *tree.get("indexIncludingParams", ()))
    ]
    plain = [element["name"] for element in elements if "name" in element]
    rest = [element.get("expr") for element in elements]
    yield from needed(table, [*rest, tree.get("whereClause")], plain)


def triggered(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """UPDATE OF in a CREATE TRIGGER."""
    table = known(structure, parts_of(tree.get("relation") or {}))
    yield from needed(table, (), words(tree.get("columns")))


def counted(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """The columns of a CREATE STATISTICS."""
    (node,) = tree.get("relations", ())[:1] or ({},)
    table = known(structure, parts_of(body(node, "RangeVar")))
    elements = [body(node, "StatsElem") for node in tree.get("exprs", ())]
    plain = [element["name"] for element in elements if "name" in element]
    yield from needed(table, [element.get("expr") for element in elements], plain)


def commented(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """COMMENT ON COLUMN."""
    parts = object_name(tree.get("object"))
    if tree.get("objtype") == "OBJECT_COLUMN" and len(parts) > 1:
        yield from needed(known(structure, parts[:-1]), (), parts[-1:])


def granted(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """GRANT on columns."""
    named = [
        name
        for node in tree.get("privileges", ())
        for name in words(body(node, "AccessPriv").get("cols"))
    ]
    for node in tree.get("objects", ()) if named else ():
        table = known(structure, parts_of(body(node, "RangeVar")))
        if table is not None:
            yield from needed(table, (), named)


def owned(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """OWNED BY of a sequence."""
    parts = object_name(options(tree.get("options")).get("owned_by"))
    if len(parts) > 1:
        yield from needed(known(structure, parts[:-1]), (), parts[-1:])


def copied(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """The columns of a COPY."""
    table = known(structure, parts_of(tree.get("relation") or {}))
    yield from needed(table, (), words(tree.get("attlist")))
