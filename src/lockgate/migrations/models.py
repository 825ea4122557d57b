"""The schema that the team's models make: `metadata.create_all()` on a scratch database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, Table
from sqlalchemy.schema import CreateSchema

from lockgate.migrations.driver import Steps


class ModelsBuilder:
    """Steps of a run that make the models' schema instead of running revisions.

    `found` says afterwards whether `env.py` names models at all.
    """

    def __init__(self) -> None:
        self.found = False

    @property
    def steps(self) -> Steps:
        """For `drive`."""
        return self._create_all

    def _create_all(self, _: tuple[str, ...], context: MigrationContext) -> Sequence[Any]:
        connection = context.connection
        assert connection is not None
        with context.begin_transaction(_per_migration=True):
            for metadata in _all(context.opts.get("target_metadata")):
                self.found = True
                tables = _own_tables(metadata, context.opts)
                for schema in sorted({table.schema for table in tables if table.schema}):
                    connection.execute(CreateSchema(schema, if_not_exists=True))
                metadata.create_all(connection, tables=tables)
        return ()


def _all(target: MetaData | Iterable[MetaData] | None) -> tuple[MetaData, ...]:
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
