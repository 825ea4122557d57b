"""CONCURRENTLY is written where PostgreSQL refuses it.

It makes and drops no index of a partitioned table so, detaches no partition so while there is a
default partition, and refreshes no materialized view so without a unique index on columns, over
all rows.

Index a partitioned table ON ONLY itself, CONCURRENTLY on each partition, and attach each. Give the
materialized view a unique index. Detach the default partition first, or detach without
CONCURRENTLY and with a short lock_timeout.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.concurrently import built_as_one, keeps_all_partitions, lacks_a_key
from lockgate.core.dependents import dropped
from lockgate.core.effects.structure import Kind
from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, schema_name, short

CODE = "LG055"
NAME = "concurrently-refused"
FAMILY = Family.TRANSACTION
SEVERITY = Severity.ERROR
ON = ("IndexStmt", "DropStmt", "RefreshMatViewStmt", "AT_DetachPartition")

SCHEMA = """\
CREATE TABLE events (at date) PARTITION BY RANGE (at);
CREATE TABLE events_2020 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
"""
BAD = "CREATE INDEX CONCURRENTLY ix_events_at ON events (at);"
GOOD = """\
CREATE INDEX ix_events_at ON ONLY events (at);
CREATE INDEX CONCURRENTLY ix_events_2020_at ON events_2020 (at);
ALTER INDEX ix_events_at ATTACH PARTITION ix_events_2020_at;
"""
BAD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.create_index("ix_events_at", "events", ["at"], postgresql_concurrently=True)
"""
GOOD_ALEMBIC = """\
op.execute("CREATE INDEX ix_events_at ON ONLY events (at)")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A statement with CONCURRENTLY on what is known not to take it."""
    fails, severity = seen.fails
    tree, structure = seen.tree, seen.structure
    partition = body(seen.action.get("def"), "PartitionCmd")
    if not (partition.get("concurrent") or tree.get("concurrent")):
        return
    if partition:
        if keeps_all_partitions(structure, seen.relation):
            said = f"{fails}: {short(seen.table)} has a default partition, and then none is"
            remedy = "detach the default partition first, without CONCURRENTLY"
            yield Hazard(f"{said} detached CONCURRENTLY", remedy, severity=severity)
    elif seen.kind == "DropStmt":
        for parts in dropped(tree):
            index = structure.find(parts, Kind.INDEX)
            if built_as_one(structure, index):
                said = f"{fails}: {schema_name(index.name)} is an index of a partitioned table"
                remedy = "drop it without CONCURRENTLY, with a short lock_timeout"
                yield Hazard(said, remedy, severity=severity)
    elif seen.kind == "IndexStmt":
        if seen.relation.kind is Kind.PARTITIONED:
            said = f"{fails}: {short(seen.table)} is partitioned, and is not indexed CONCURRENTLY"
            remedy = (
                "create it ON ONLY the parent, CONCURRENTLY on each partition, then attach each"
            )
            yield Hazard(said, remedy, severity=severity)
    elif lacks_a_key(structure, seen.relation):
        said = f"{fails}: {short(seen.table)} has no unique index on columns over all its rows"
        yield Hazard(said, "create a unique index on it first", severity=severity)
