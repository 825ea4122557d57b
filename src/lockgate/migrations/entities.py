"""Objects that the team hands to alembic_utils: functions, views, triggers, policies, grants.

alembic_utils is the team's: it is asked only where the team's own code has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateSchema

Entity = Any  # Any: alembic_utils is no dependency of lockgate, so its classes have no name here

_MODULE = "alembic_utils.replaceable_entity"
TRIED = "lockgate_tried"
"""Option of a statement that the server may well refuse."""
BEFORE_TABLES = frozenset({"extension", "function"})
"""Types of entities that a table may need: its columns' types and defaults."""


def registered(options: dict[str, Any]) -> tuple[Entity, ...]:
    """What `register_entities` was given in this run and `env.py` does not filter out."""
    module = sys.modules.get(_MODULE)
    if module is None:
        return ()
    include = options.get("include_object")
    return tuple(
        entity
        for entity in module.registry.entities()
        if include is None
        or include(entity, f"{entity.schema}.{entity.signature}", entity.type_, False, None)
    )


@contextmanager
def unasked() -> Iterator[None]:
    """Keeps alembic_utils from having a part in autogenerate."""
    module = sys.modules.get(_MODULE)
    if module is None:
        yield
        return
    before = set(module.registry.entity_types)
    module.registry.entity_types = {_NoEntity}
    try:
        yield
    finally:
        module.registry.entity_types = before


class _NoEntity:
    """A type that no entity has."""


def create_early(connection: Connection, entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Creates what a table may need, as far as it can be made before the tables; the others."""
    waiting = tuple(entities)
    for schema in sorted({entity.schema for entity in waiting}):
        connection.execute(CreateSchema(schema, if_not_exists=True))
    early = [entity for entity in waiting if entity.type_ in BEFORE_TABLES]
    left, _ = _create(connection, sorted(early, key=lambda entity: str(entity.type_)))
    return tuple(entity for entity in waiting if entity in left or entity not in early)


def create(connection: Connection, entities: Iterable[Entity]) -> None:
    """Creates `entities`, each after those that it needs.

    Raises the server's word about the first that cannot be made.
    """
    left, error = _create(connection, list(entities))
    if left and error is not None:
        raise error


def _create(
    connection: Connection, waiting: Sequence[Entity]
) -> tuple[Sequence[Entity], DBAPIError | None]:
    """What cannot be made, and why; tried again for as long as something else can be."""
    error: DBAPIError | None = None
    while waiting:
        left = []
        first_error = None
        for entity in waiting:
            try:
                with connection.begin_nested():
                    statement = entity.to_sql_statement_create()
                    connection.execute(statement, execution_options={TRIED: True})
            except DBAPIError as refused:
                first_error = first_error or refused
                left.append(entity)
        error = first_error
        if len(left) == len(waiting):
            return left, error
        waiting = left
    return (), None
