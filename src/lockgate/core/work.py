"""What a statement has to do on a table of a given size, and how long a plain machine takes to.

The model behind every forecast. It knows how work grows: with rows and bytes, with n log n for
sorts, with the number of indexes. How fast a given server does it is learned, see `core.rates`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from lockgate.core.effect import Effect, StatementEffects
from lockgate.core.shape import IndexShape, RowsShape, Shape, share_of_rows
from lockgate.core.target import (
    IndexStatistics,
    RelationStatistics,
    TargetStatistics,
    entry_bytes,
)

OVERHEAD_MS = 1.0
"""What any statement takes that only changes the catalogs."""
PAGE_BYTES = 8_192
DEFAULT_KEY_WIDTH = 16
DEFAULT_ROW_BYTES = 100


class WorkKind(StrEnum):
    """The kinds of work whose speed is learned apart."""

    SCAN = "scan"
    FOREIGN_KEY = "foreign key"
    BTREE = "btree index"
    OTHER_INDEX = "other index"
    REWRITE = "rewrite"
    UPDATE = "update"
    DELETE = "delete"
    INSERT = "insert"


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work: what kind, on which table, how many of its rows.

    `milliseconds` are those of the machine that docs/forecast.md describes; `wal_bytes` and
    `disk_bytes` do not depend on the machine. `sure` is whether the number of rows is known.
    """

    kind: WorkKind
    relation: str
    rows: float
    milliseconds: float
    wal_bytes: float = 0
    disk_bytes: float = 0
    sure: bool = True


def works_of(
    shape: Shape,
    effects: StatementEffects,
    target: TargetStatistics,
    *,
    changed_rows: float | None = None,
) -> tuple[Work, ...]:
    """All that the statement does beside changing the catalogs.

    A relation that the target does not have is one that the revision makes, and empty. Of a
    partitioned table and its partitions, only the partitions count. `changed_rows` is how many
    rows the server's planner expects it to change, None where nobody asked it.
    """
    if shape.rows is not None:
        return _changes(shape, shape.rows, effects, target, changed_rows)
    named = {effect.relation for effect in effects.effects}
    found: list[Work] = []
    for effect in effects.effects:
        table = target.relation(effect.relation)
        if table is None or any(part.name in named for part in target.partitions(table.name)):
            continue
        found += _works_on(table, effect, shape, effects, target)
    return tuple(found)


def _changes(
    shape: Shape,
    rows: RowsShape,
    effects: StatementEffects,
    target: TargetStatistics,
    changed_rows: float | None,
) -> tuple[Work, ...]:
    """Changing rows of one table, or of those partitions that are named."""
    named = {effect.relation for effect in effects.effects}
    known = [table for name in named if (table := target.relation(name)) is not None]
    tables = [
        table
        for table in sorted(known, key=lambda one: one.name)
        if (_is(shape.table, table.name) or table.parent is not None)
        and not any(part.name in named for part in target.partitions(table.name))
    ]
    if changed_rows is None:
        return tuple(row_work(rows, table) for table in tables)
    total = sum(table.rows for table in tables)
    # Where a partitioned table takes them nobody said: by the size of its partitions.
    return tuple(
        row_work(
            rows,
            table,
            count=changed_rows * (table.rows / total if total else 1 / len(tables)),
        )
        for table in tables
    )


def _works_on(
    table: RelationStatistics,
    effect: Effect,
    shape: Shape,
    effects: StatementEffects,
    target: TargetStatistics,
) -> Iterator[Work]:
    if shape.kind in ("TruncateStmt", "DropStmt"):
        return
    if effect.rewrites:
        yield rewrite_work(table, copies=shape.moves)
        yield from _rebuilt(table, shape, target.settings.maintenance_work_mem_bytes)
        return
    built = tuple(_built(table, effect, shape, target.settings.maintenance_work_mem_bytes))
    yield from built
    if effect.scans and not built:
        other = _referenced(effect, shape, effects, target)
        if other is None:
            yield scan_work(table)
            return
        column = table.column(shape.referencing[0]) if shape.referencing else None
        yield foreign_key_work(
            table,
            other,
            memory_bytes=target.settings.maintenance_work_mem_bytes,
            version=target.server_version // 10_000,
            correlation=column.correlation if column is not None else None,
        )


def _is(named: str | None, relation: str) -> bool:
    """Whether the name in a statement is that relation."""
    return named is not None and (named == relation or relation.endswith(f".{named}"))


def _rebuilt(table: RelationStatistics, shape: Shape, memory_bytes: int) -> Iterator[Work]:
    """Every index of a table that is written anew, and those that the statement adds."""
    if not shape.moves:
        for index in table.indexes:
            yield _again(table, index, memory_bytes)
    for added in shape.indexes:
        width = _key_width(table, added)
        yield index_work(table, added.method, width, memory_bytes=memory_bytes)


def _again(table: RelationStatistics, index: IndexStatistics, memory_bytes: int) -> Work:
    size = index.bytes - (index.bloat_bytes(table.rows) or 0)
    return index_work(table, index.method, index.key_width, memory_bytes=memory_bytes, size=size)


def _built(
    table: RelationStatistics, effect: Effect, shape: Shape, memory_bytes: int
) -> Iterator[Work]:
    known: dict[str, IndexStatistics] = {index.name: index for index in table.indexes}
    rebuilt = [known[name] for name in effect.builds if name in known]
    for index in rebuilt:
        yield _again(table, index, memory_bytes)
    for added in shape.indexes if len(effect.builds) > len(rebuilt) else ():
        share, sure = share_of_rows(added.condition, table)
        yield index_work(
            table,
            added.method,
            _key_width(table, added),
            memory_bytes=memory_bytes,
            share=share,
            sure=sure,
            concurrent=added.concurrent,
            sorted_already=_is_sorted(table, added),
        )


def _key_width(table: RelationStatistics, index: IndexShape) -> int | None:
    columns = [None if name is None else table.column(name) for name in index.columns]
    widths = [column.width for column in columns if column is not None]
    return sum(widths) if widths and len(widths) == len(columns) else None


def _is_sorted(table: RelationStatistics, index: IndexShape) -> bool:
    column = table.column(index.columns[0] or "") if index.columns else None
    return column is not None and abs(column.correlation or 0) > 0.95


def _referenced(
    effect: Effect, shape: Shape, effects: StatementEffects, target: TargetStatistics
) -> RelationStatistics | None:
    """The far side of the foreign key that is validated here, None where it is another check."""
    for other in effects.effects:
        named = any(_is(name, other.relation) for name in shape.references)
        if named and other.relation != effect.relation:
            return target.relation(other.relation)
        # The lock that VALIDATE CONSTRAINT takes on the far side, and on nothing else.
        if shape.validates and other.mode == "ROW SHARE" and other.relation != effect.relation:
            return target.relation(other.relation)
    # A table that refers to itself has one Effect.
    if any(_is(name, effect.relation) for name in shape.references):
        return target.relation(effect.relation)
    return None


def heap_row_bytes(table: RelationStatistics) -> float:
    """What a row takes in the heap, TOAST included."""
    if table.rows and table.heap_bytes:
        return (table.heap_bytes - (table.bloat_bytes or 0) + table.toast_bytes) / table.rows
    return table.row_bytes or DEFAULT_ROW_BYTES


def _scan_ms(table: RelationStatistics) -> float:
    return (table.rows * 22 + (table.heap_bytes) * 0.18) / 1e6


def scan_work(table: RelationStatistics) -> Work:
    """Reading every row and judging it."""
    return Work(WorkKind.SCAN, table.name, table.rows, _scan_ms(table))


HASHED_ROW_BYTES = 48
SPILLED_ROW_BYTES = 28
PROCESSOR_CACHE_BYTES = 3_000_000
PROBE_NS, SLOWEST_PROBE_NS = 40.0, 360.0
LOOKUP_NS = 2_500.0


def foreign_key_work(
    table: RelationStatistics,
    referenced: RelationStatistics,
    *,
    memory_bytes: int,
    version: int,
    correlation: float | None = None,
) -> Work:
    """Joining a table with the one that it refers to, as the server's own query does.

    The server hashes the keys of the one side, from 16 on those of the smaller, and looks up each
    row of the other. How long that takes depends on whether the processor's cache holds the
    table of hashes, and on how `correlation` says that rows of like keys lie together. What
    exceeds `memory_bytes`, its maintenance_work_mem, goes through files, both sides in parts.
    Few rows are looked up in the index instead.
    """
    few = referenced.rows / (500 if version >= 16 else 20)
    if table.rows < few:
        milliseconds = _scan_ms(table) + table.rows * LOOKUP_NS / 1e6
        return Work(WorkKind.FOREIGN_KEY, table.name, table.rows, milliseconds)
    hashed, probed = referenced.rows, table.rows
    if version >= 16:
        hashed, probed = min(hashed, probed), max(hashed, probed)
    hash_bytes = max(hashed * HASHED_ROW_BYTES, 1)
    beyond = math.log2(max(min(hash_bytes, memory_bytes) / PROCESSOR_CACHE_BYTES, 1))
    miss_ns = min(125 * beyond, SLOWEST_PROBE_NS - PROBE_NS)
    nanoseconds = hashed * (50 + 0.35 * miss_ns)
    nanoseconds += probed * (PROBE_NS + miss_ns * (1 - abs(correlation or 0)))
    spilled = 0.0
    if hash_bytes > memory_bytes:
        nanoseconds += (hashed + probed) * 90
        spilled = float((hashed + probed) * SPILLED_ROW_BYTES)
    milliseconds = _scan_ms(table) + _scan_ms(referenced) + nanoseconds / 1e6
    return Work(WorkKind.FOREIGN_KEY, table.name, table.rows, milliseconds, disk_bytes=spilled)


PER_ROW_NS = {"brin": 40.0, "hash": 470.0, "gin": 900.0, "gist": 2500.0, "spgist": 2000.0}
"""What a row takes in an index that is not sorted for, beside reading it."""
SORTED = ("btree", "hash")
SORTED_ROW_BYTES = 24
"""What a row takes in memory while it is sorted, beside its entry."""


def index_work(
    table: RelationStatistics,
    method: str,
    key_width: int | None,
    *,
    memory_bytes: int,
    share: float = 1.0,
    sure: bool = True,
    size: int | None = None,
    concurrent: bool = False,
    sorted_already: bool = False,
) -> Work:
    """Building one index: reading the table, sorting `share` of its rows, writing it out.

    What exceeds `memory_bytes`, the server's maintenance_work_mem, is sorted in files, as large
    as the index, that stand beside it.
    """
    rows = table.rows * share
    width = DEFAULT_KEY_WIDTH if key_width is None else key_width
    if method == "btree":
        # Keys up to 8 bytes are compared as numbers; wider ones by their text, outside the cache.
        per_row = (20 + 10 * math.log2(max(rows, 2))) * min(1 + max(width - 8, 0) * 0.09, 5.0)
        per_row *= 0.6 if sorted_already else 1.0
    else:
        per_row = PER_ROW_NS.get(method, 2000.0)
    milliseconds = _scan_ms(table) + rows * per_row / 1e6
    if concurrent:  # a second scan, and a sort of row pointers to compare the two
        milliseconds += _scan_ms(table) + rows * 70 / 1e6
    entry = entry_bytes(method, width)
    taken = float(rows * entry * 1.1 if size is None else size)
    sorts = method in SORTED and rows * (entry + SORTED_ROW_BYTES) > memory_bytes
    kind = WorkKind.BTREE if method == "btree" else WorkKind.OTHER_INDEX
    needed = taken + rows * entry if sorts else taken
    return Work(kind, table.name, rows, milliseconds, taken, needed, sure)


def rewrite_work(table: RelationStatistics, *, copies: bool = False) -> Work:
    """Writing the heap and its TOAST anew beside the old one; `copies` takes it page by page."""
    if copies:
        taken = table.total_bytes
        return Work(WorkKind.REWRITE, table.name, table.rows, taken * 1.0 / 1e6, taken, taken)
    row = heap_row_bytes(table)
    milliseconds = table.rows * (250 + 1.9 * row) / 1e6
    taken = int(table.rows * row)
    return Work(
        WorkKind.REWRITE,
        table.name,
        table.rows,
        milliseconds,
        taken + table.rows * 35,
        taken,
    )


def row_work(rows: RowsShape, table: RelationStatistics, *, count: float | None = None) -> Work:
    """Changing rows, with an entry in every index for each new version of a row.

    `count` is how many, where the server's planner was asked; else its condition and the
    table's statistics say.
    """
    sure = count is not None
    if count is None and rows.verb == "INSERT":
        count, sure = (float(table.rows), False) if rows.from_query else (1.0, True)
    elif count is None:
        share, sure = share_of_rows(rows.condition, table)
        count = table.rows * share
    row, indexes = heap_row_bytes(table), len(table.indexes)
    if rows.verb == "INSERT":
        cost = (400 + 1.9 * row + 1000 * indexes) * count / 1e6
        taken = count * (row + 30 * indexes)
        wal = taken + count * (40 + 70 * indexes)
        return Work(WorkKind.INSERT, table.name, count, cost, wal, taken, sure)
    scan = _scan_ms(table)
    if rows.verb == "DELETE":
        milliseconds = scan + count * (80 + 0.6 * row) / 1e6
        wal = count * 56 + _pages_bytes(table, count)
        return Work(WorkKind.DELETE, table.name, count, milliseconds, wal, 0, sure)
    per_index = sum(800 if index.unique else 1500 for index in table.indexes)
    milliseconds = scan + count * (520 + 2.5 * row + per_index) / 1e6
    wal = count * (row + 108 + 97 * indexes) + _pages_bytes(table, count)
    taken = count * (row + 30 * indexes)
    return Work(WorkKind.UPDATE, table.name, count, milliseconds, wal, taken, sure)


def _pages_bytes(table: RelationStatistics, count: float) -> float:
    """The pages that `count` rows lie on, if they lie anywhere.

    The first change of a page after a checkpoint writes it whole: few rows on many pages write
    far more than themselves.
    """
    rows_of_page = table.rows * PAGE_BYTES / max(table.heap_bytes, 1)
    share = min(count / max(table.rows, 1), 1.0)
    return float((1 - (1 - share) ** max(rows_of_page, 1.0)) * table.heap_bytes)


def rows_of(works: Iterable[Work]) -> float:
    """How many rows `works` are over; a relation counts once, whatever is done with it."""
    most: dict[str, float] = {}
    for work in works:
        most[work.relation] = max(most.get(work.relation, 0), work.rows)
    return sum(most.values())


def total_ms(works: Iterable[Work]) -> float:
    """What all of `works` take on the machine that the model describes."""
    return OVERHEAD_MS + sum(work.milliseconds for work in works)
