"""The schema that the team's models make on a scratch database.

That is `metadata.create_all()`, with what hangs on its events, and what the team has registered
with alembic_utils.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, Table, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.schema import CreateSchema
from sqlalchemy.sql.sqltypes import SchemaType

from lockgate.migrations import entities

if TYPE_CHECKING:
    from lockgate.migrations.driver import Steps

MANY = 500
"""Tables that one transaction may make: each holds locks, and a server has room for 6,400."""


class ModelsBuilder:
    """Steps of a run that make the models' schema instead of running revisions.

    `found` says afterwards whether `env.py` names models at all, and `refused` whether the server
    refused a statement while they were `heeded`, also if the team's code went on without it.
    """

    def __init__(self) -> None:
        self.found = False
        self.refused = False

    @property
    def steps(self) -> Steps:
        """For `drive`."""
        return self._create_all

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Looks out for refusals, but for those of what is only tried."""
        event.listen(Engine, "handle_error", self._refuse)
        try:
            yield
        finally:
            event.remove(Engine, "handle_error", self._refuse)

    def _refuse(self, error: ExceptionContext) -> None:
        sent = error.execution_context
        if sent is None or entities.TRIED not in sent.execution_options:
            self.refused = True

    def _create_all(self, _: tuple[str, ...], context: MigrationContext) -> Sequence[Any]:
        connection = context.connection
        assert connection is not None
        registered = entities.registered(context.opts)
        models = models_of(context.opts)
        self.found |= bool(models)
        with context.begin_transaction(_per_migration=True):
            registered = entities.create_early(connection, registered)
            for metadata, tables in models:
                for schema in schemas_of(metadata, tables):
                    connection.execute(CreateSchema(schema, if_not_exists=True))
                with context.autocommit_block() if len(tables) > MANY else nullcontext():
                    metadata.create_all(connection, tables=tables)
            entities.create(connection, registered)
        return ()


def models_of(options: dict[str, Any]) -> list[tuple[MetaData, list[Table]]]:
    """Each metadata that `env.py` names, with its tables that `env.py` does not filter out."""
    return [
        (metadata, _own_tables(metadata, options))
        for metadata in all_metadata(options.get("target_metadata"))
    ]


def schemas_of(metadata: MetaData, tables: Iterable[Table]) -> list[str]:
    """The schemas that `create_all` expects to be there, sorted."""
    return sorted(set(_schemas(metadata, tables)))


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
