"""The statements that make the models' schema, without running them: a digest tells them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, Table, text
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.schema import CreateIndex

from lockgate.migrations.entities import Entity


def digest(
    context: MigrationContext,
    models: Iterable[tuple[MetaData, Sequence[Table]]],
    registered: Iterable[Entity],
) -> str | None:
    """Equal where the same statements make the schema on the same server.

    None where a listener of the models wants an answer from the database, so that what it does
    cannot be told beforehand.
    """
    connection = context.connection
    assert connection is not None
    place = "SELECT pg_catalog.version(), pg_catalog.current_setting('search_path')"
    statements = [repr(tuple(connection.execute(text(place)).one()))]
    indexes: list[str] = []  # a table keeps them in a set, so that their order says nothing

    def record(statement: Any, *_: Any, **__: Any) -> None:
        kept = indexes if isinstance(statement, CreateIndex) else statements
        kept.append(str(statement.compile(dialect=context.dialect)))

    bind = MockConnection(context.dialect, record)
    try:
        for metadata, tables in models:
            statements.append("metadata")
            metadata.create_all(bind, tables=tables, checkfirst=False)
    except Exception:  # the team's own listener, which finds no database here
        return None
    statements += [str(entity.to_sql_statement_create()) for entity in registered]
    return hashlib.sha256("\0".join([*statements, *sorted(indexes)]).encode()).hexdigest()
