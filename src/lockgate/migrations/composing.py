"""Puts autogenerate's operations and the statements that it lacks into one order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.operations import ops

from lockgate.core.catalog import Change, ChangeKind
from lockgate.core.ddl import ScriptStatement
from lockgate.migrations.claims import Claims, claims_of
from lockgate.migrations.rendering import StatementOp

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))*'
_DROP_INDEX = re.compile(rf"DROP INDEX (?:CONCURRENTLY )?(?P<name>{_NAME})$")
_DROP_CONSTRAINT = re.compile(
    rf"ALTER TABLE (?:ONLY )?(?P<table>{_NAME}) DROP CONSTRAINT (?P<name>{_NAME})$"
)


Operation = ops.MigrateOperation


@dataclass(eq=False)
class Item:
    """One operation of a new revision, and the statements that it stands for."""

    operation: ops.MigrateOperation
    statements: list[ScriptStatement] = field(default_factory=list)


@dataclass(eq=False)
class _Proposed:
    """An operation of autogenerate, with what it makes."""

    operation: ops.MigrateOperation
    claims: Claims | None
    item: Item | None = None


def compose(
    statements: Sequence[ScriptStatement],
    operations: Sequence[Operation],
    *,
    changes: Sequence[Change] = (),
    schema: str,
) -> list[Item]:
    """An item for each statement, or for the operation that says the same.

    The order is that of `statements`, which knows what needs what. Operations that make nothing
    among `statements` are left out, unless they make one of `changes`, and go last. Those that
    Alembic does not know, such as SQL of the team's own hook, stay before the operation that they
    stood before.
    """
    proposed = [_Proposed(op, claims_of(op, schema=schema)) for op in operations]
    items: list[Item] = []
    for statement in statements:
        matching = _matching(statement, proposed)
        if not matching:
            items.append(plain(statement, schema=schema))
            continue
        for one in matching:
            for first in _with_those_before(one, proposed):
                if first.item is None:
                    first.item = Item(first.operation)
                    items.append(first.item)
        matching[0].item.statements.append(statement)  # type: ignore[union-attr]
    settled = {change for statement in statements for change in statement.settles}
    for one in proposed:
        if one.item is not None or one.claims is None:
            continue
        if any(one.claims(change) for change in changes if change not in settled):
            one.item = Item(one.operation)
            items.append(one.item)
    return list(_with_foreign(items, proposed))


def plain(statement: ScriptStatement, *, schema: str) -> Item:
    """`statement` as an item."""
    operation = StatementOp(statement.sql, schema=schema, outside=statement.outside)
    return Item(operation, [statement])


def _matching(statement: ScriptStatement, proposed: Sequence[_Proposed]) -> list[_Proposed]:
    """The operations that together say what `statement` does, none where something is left."""
    drops = _drops(statement.sql)
    about = statement.settles or tuple(_about(statement.sql))
    able = [one for one in proposed if one.claims and _drops_too(one.operation) is drops]
    found = [one for one in able if any(one.claims(change) for change in about)]  # type: ignore[misc]
    if not all(any(one.claims(change) for one in found) for change in about):  # type: ignore[misc]
        return []
    return found


_OWNED = re.compile(rf"ALTER SEQUENCE {_NAME} OWNED BY (?P<column>{_NAME})$")


def _drops(sql: str) -> bool:
    return sql.startswith("DROP ") or re.search(r" DROP (CONSTRAINT|COLUMN) ", sql) is not None


def _drops_too(operation: ops.MigrateOperation) -> bool:
    kinds = (ops.DropTableOp, ops.DropColumnOp, ops.DropIndexOp, ops.DropConstraintOp)
    return isinstance(operation, kinds) or type(operation).__name__ == "DropOp"


def _about(sql: str) -> Iterator[Change]:
    """What a statement is part of that settles nothing by itself.

    That is what it removes and another makes anew, or the column whose sequence it ties down.
    """
    if match := _DROP_INDEX.match(sql):
        yield Change(ChangeKind.REMOVED, "index", match["name"], None, "", None, False)
    if match := _DROP_CONSTRAINT.match(sql):
        name = f"{match['table']}.{match['name']}"
        yield Change(ChangeKind.REMOVED, "constraint", name, None, "", None, False)
    if match := _OWNED.match(sql):
        yield Change(ChangeKind.ADDED, "column", match["column"], None, None, "", False)


def _with_those_before(one: _Proposed, proposed: Sequence[_Proposed]) -> Iterator[_Proposed]:
    """`one`; before a whole table those that Alembic has put before it, for their foreign keys.

    A table is dropped after what Alembic drops of it by name.
    """
    before = proposed[: proposed.index(one)]
    if isinstance(one.operation, ops.CreateTableOp):
        yield from (other for other in before if isinstance(other.operation, ops.CreateTableOp))
    if isinstance(one.operation, ops.DropTableOp):
        gone = {_table(o.operation) for o in (*before, one) if isinstance(o.operation, _WHOLE)}
        for other in before:
            part = isinstance(other.operation, (ops.DropIndexOp, ops.DropConstraintOp))
            if isinstance(other.operation, _WHOLE) or (part and _table(other.operation) in gone):
                yield other
    yield one


_WHOLE = ops.DropTableOp


def _table(operation: Any) -> tuple[str | None, str | None]:  # Any: of several kinds of operations
    return operation.schema, operation.table_name


def _with_foreign(items: list[Item], proposed: Sequence[_Proposed]) -> Iterator[Item]:
    waiting: list[Item] = []
    before: dict[int, list[Item]] = {}
    for one in proposed:
        if one.claims is None:
            waiting.append(Item(one.operation))
        elif one.item is not None:
            before[id(one.item)] = waiting
            waiting = []
    for item in items:
        yield from before.get(id(item), ())
        yield item
    yield from waiting


def in_tables(items: Sequence[Item]) -> list[Any]:  # Any: what Alembic takes for a list of ops
    """The operations as Alembic renders them: those on a table under that table, for batch mode."""
    kinds = (
        ops.AlterTableOp,
        ops.CreateIndexOp,
        ops.DropIndexOp,
        ops.AddConstraintOp,
        ops.DropConstraintOp,
    )
    found: list[Any] = []
    for item in items:
        operation: Any = item.operation
        table = getattr(operation, "table_name", None)
        if isinstance(operation, kinds) and table is not None:
            schema = getattr(operation, "schema", None)
            found.append(ops.ModifyTableOps(str(table), [operation], schema=schema))
        else:
            found.append(operation)
    return found
