"""How large and how busy a database is: what a forecast and a Finding's severity rest on.

The values only. Reading them, with a role that may only read and without a scan, is
`postgres.statistics`'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from lockgate.core.health import Replica

TUPLE_HEADER_BYTES = 28
"""A row's header, 24 bytes aligned, and its pointer in the page, 4."""
PAGE_HEADER_BYTES = 24


@dataclass(frozen=True, slots=True)
class Traffic:
    """How often something happens to one table, a second; None where nobody counted."""

    inserts: float | None = None
    updates: float | None = None
    deletes: float | None = None
    sequential_scans: float | None = None
    index_scans: float | None = None

    @property
    def writes(self) -> float | None:
        """Rows written a second."""
        return _sum(self.inserts, self.updates, self.deletes)

    @property
    def reads(self) -> float | None:
        """Scans begun a second; one query begins several where it joins in a loop."""
        return _sum(self.sequential_scans, self.index_scans)


def _sum(*rates: float | None) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What ANALYZE found in one column, without any value of it.

    `distinct` is PostgreSQL's `n_distinct`: negative is a share of the rows. `common` are the
    frequencies of the most common values, the highest first.
    """

    name: str
    width: int
    null_fraction: float
    distinct: float
    correlation: float | None
    common: tuple[float, ...] = ()


ENTRY_BYTES = {"brin": 0.1, "hash": 36.0, "gin": 20.0}


def entry_bytes(method: str, key_width: int) -> float:
    """What a row takes in an index of `method` over a key of `key_width`."""
    return ENTRY_BYTES.get(method, 12 + (key_width + 7) // 8 * 8)


@dataclass(frozen=True, slots=True)
class IndexStatistics:
    """One index as it is stored; `key_width` is the sum of its columns' widths where known.

    `partial` is whether it leaves rows out, so that their number is not known.
    """

    name: str
    method: str
    bytes: int
    key_width: int | None
    unique: bool
    valid: bool
    scans: float | None
    partial: bool = False

    def bloat_bytes(self, rows: int) -> int | None:
        """What a B-tree on `rows` takes beyond what they need; an estimate, None where unknown.

        Keys that are the same are stored once, so many an index is smaller than reckoned.
        """
        if self.method != "btree" or self.key_width is None or self.partial:
            return None
        return max(int(self.bytes - rows * entry_bytes("btree", self.key_width) * 1.15), 0)


@dataclass(frozen=True, slots=True)
class RelationStatistics:
    """One table, partitioned table or materialized view as large and as busy as it is.

    `rows` are estimated as the planner does: the density of the last VACUUM or ANALYZE times
    the size now. Never analyzed, the density comes from the columns' types, and `analyzed` is
    False. Sizes and Traffic of a partitioned table are the sums over its partitions, which stand
    beside it. `sessions` had a lock on it when it was read; `unreadable` are columns whose
    statistics this role may not see. `column_names` is None where they were not read;
    `all_visible` is the share of its pages that an index answers for alone.
    """

    name: str
    kind: str
    rows: int
    analyzed: bool
    heap_bytes: int
    toast_bytes: int
    indexes: tuple[IndexStatistics, ...] = ()
    columns: tuple[ColumnStatistics, ...] = ()
    unreadable: tuple[str, ...] = ()
    dead_rows: int = 0
    fillfactor: int = 100
    parent: str | None = None
    sessions: int = 0
    traffic: Traffic = Traffic()
    column_names: frozenset[str] | None = None
    all_visible: float = 0.0

    @property
    def index_bytes(self) -> int:
        """All its indexes together."""
        return sum(index.bytes for index in self.indexes)

    @property
    def total_bytes(self) -> int:
        """The table with its TOAST and its indexes."""
        return self.heap_bytes + self.toast_bytes + self.index_bytes

    @property
    def row_bytes(self) -> float | None:
        """What a row should take in the heap, by the width of its columns; None where unknown."""
        if not self.columns or self.unreadable:
            return None
        width = sum(c.width * (1 - c.null_fraction) for c in self.columns)
        return TUPLE_HEADER_BYTES + (width + 7) // 8 * 8

    @property
    def bloat_bytes(self) -> int | None:
        """Heap beyond what its rows need, an estimate; None where the widths are not known."""
        if self.row_bytes is None or not self.analyzed:
            return None
        needed = self.rows * self.row_bytes / (1 - PAGE_HEADER_BYTES / 8192)
        return max(int(self.heap_bytes - needed * 100 / self.fillfactor), 0)

    @property
    def all_bloat_bytes(self) -> int:
        """The bloat of the heap and of the indexes, as far as it can be estimated."""
        indexes = (index.bloat_bytes(self.rows) or 0 for index in self.indexes)
        return (self.bloat_bytes or 0) + sum(indexes) if self.analyzed else 0

    def column(self, name: str) -> ColumnStatistics | None:
        """The statistics of one column, None where there are none."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What of the server's settings decides how long work takes, sizes in bytes."""

    maintenance_work_mem_bytes: int
    work_mem_bytes: int
    shared_buffers_bytes: int
    max_wal_size_bytes: int
    max_parallel_maintenance_workers: int
    max_connections: int
    wal_level: str
    fsync: bool
    full_page_writes: bool


@dataclass(frozen=True, slots=True)
class ApplicationStatement:
    """One statement that the application sends, as pg_stat_statements keeps it.

    `sql` has `$1`, `$2`, ... for its constants. `search_path` is where the settings of the
    `role` that sends it look for names without a schema.
    """

    sql: str
    calls: int
    calls_per_second: float | None
    mean_ms: float
    search_path: str = '"$user", public'
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key from `columns` of a table to `keys` of another; `cascades` where a change
    of the other is carried on to its rows.
    """

    table: str
    columns: tuple[str, ...]
    referenced: str
    keys: tuple[str, ...]
    cascades: bool = False


@dataclass(frozen=True)
class TargetStatistics:
    """A database as large and as busy as it was at one moment.

    `counted_seconds` is how long the Traffic was counted, `counted_since` in words since when;
    None and a reason where the server does not tell, and then no Traffic is known.
    `statements` is None without pg_stat_statements, which has counted `statements_seconds`;
    `views` are pairs of a view and a table that whoever asks it locks, `references` the foreign
    keys, both only where statements are known. `free_disk_bytes` is what
    the databases and their WAL leave of the volume that the settings name, None without.
    `missing` says in words what this role cannot see.
    """

    server_version: int
    read_at: datetime
    relations: tuple[RelationStatistics, ...]
    settings: ServerSettings
    counted_seconds: float | None
    counted_since: str
    oldest_transaction_ms: float | None = None
    replicas: tuple[Replica, ...] = ()
    statements: tuple[ApplicationStatement, ...] | None = None
    statements_seconds: float | None = None
    views: tuple[tuple[str, str], ...] = ()
    references: tuple[Reference, ...] = ()
    database_bytes: int | None = None
    free_disk_bytes: int | None = None
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "relations", tuple(sorted(self.relations, key=lambda r: r.name)))

    @cached_property
    def _by_name(self) -> Mapping[str, RelationStatistics]:
        return {relation.name: relation for relation in self.relations}

    def relation(self, name: str) -> RelationStatistics | None:
        """The table called `name` in a Catalog, None where it is not there yet."""
        return self._by_name.get(name)

    def has(self, name: str) -> bool:
        """Whether there is a table or a view over tables called `name`."""
        return name in self._by_name or name in self._views

    @cached_property
    def _views(self) -> frozenset[str]:
        return frozenset(view for view, _ in self.views)

    def ancestors(self, name: str) -> Iterator[str]:
        """The tables that the one called `name` is a partition of, the nearest first."""
        while (one := self.relation(name)) is not None and one.parent is not None:
            name = one.parent
            yield name

    def views_over(self, name: str) -> tuple[str, ...]:
        """The views whose queries lock the table called `name`."""
        return tuple(view for view, relation in self.views if relation == name)

    def partitions(self, name: str) -> tuple[RelationStatistics, ...]:
        """The partitions directly under the table called `name`."""
        return tuple(r for r in self.relations if r.parent == name)
