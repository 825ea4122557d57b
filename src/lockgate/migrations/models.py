"""The schema that the team's models make on a scratch database.

That is `metadata.create_all()`, with what hangs on its events, and what the team has registered
with alembic_utils.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, Table
from sqlalchemy.schema import CreateSchema
from sqlalchemy.sql.sqltypes import SchemaType

from lockgate.migrations import entities
from lockgate.migrations.driver import Steps
from lockgate.migrations.recording import digest

MANY = 500
"""Tables that one transaction may make: each holds locks, and a server has room for 6,400."""


class ModelsBuilder:
    """Steps of a run that make the models' schema instead of running revisions.

    Nothing is made where `is_known` says so of the digest of the statements. `found` says
    afterwards whether `env.py` names models at all, and `digest` is what they were told by.
    """

    def __init__(self, is_known: Callable[[str], bool] | None = None) -> None:
        self.is_known = is_known
        self.found = False
        self.known = False
        self.digest: str | None = None

    @property
    def steps(self) -> Steps:
        """For `drive`."""
        return self._create_all

    def _create_all(self, _: tuple[str, ...], context: MigrationContext) -> Sequence[Any]:
        connection = context.connection
        assert connection is not None
        registered = entities.registered(context.opts)
        models = [
            (metadata, _own_tables(metadata, context.opts))
            for metadata in all_metadata(context.opts.get("target_metadata"))
        ]
        self.found |= bool(models)
        with context.begin_transaction(_per_migration=True):
            if self.is_known is not None:
                self.digest = digest(context, models, registered)
                self.known = self.digest is not None and self.is_known(self.digest)
            if self.known:
                return ()
            registered = entities.create_early(connection, registered)
            for metadata, tables in models:
                for schema in sorted(set(_schemas(metadata, tables))):
                    connection.execute(CreateSchema(schema, if_not_exists=True))
                with context.autocommit_block() if len(tables) > MANY else nullcontext():
                    metadata.create_all(connection, tables=tables)
            entities.create(connection, registered)
        return ()


def all_metadata(target: MetaData | Iterable[MetaData] | None) -> tuple[MetaData, ...]:
    """What `target_metadata` holds: none, one, or several."""
    if target is None:
        return ()
    return (target,) if isinstance(target, MetaData) else tuple(target)


def _own_tables(metadata: MetaData, options: dict[str, Any]) -> list[Table]:
    """The tables that `env.py` does not filter out."""
    include = options.get("include_object")
    return [
        table
        for table in metadata.tables.values()
        if include is None or include(table, table.name, "table", False, None)
    ]


def _schemas(metadata: MetaData, tables: Iterable[Table]) -> Iterator[str]:
    """The schemas that `create_all` expects to be there."""
    for sequence in metadata._sequences.values():
        if sequence.schema:
            yield sequence.schema
    for table in tables:
        if table.schema:
            yield table.schema
        for column in table.columns:
            # A boolean is one too, and has none.
            if isinstance(column.type, SchemaType) and (
                schema := getattr(column.type, "schema", None)
            ):
                yield str(schema)
