"""Tables that `env.py` hides from autogenerate by its filters."""

from __future__ import annotations

from collections.abc import Iterable

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import MetaData, Table
from sqlalchemy.exc import NoSuchTableError

from lockgate.core.names import Name

DEFAULT_FILTERS = ("include_object", "include_name")


def hidden_tables(context: AutogenContext, names: Iterable[Name], *, schema: str) -> set[Name]:
    """Those of `names` that `include_object` or `include_name` say no to.

    `names` are of tables in the database or in the models. `schema` is the one that unqualified
    names are in, which Alembic calls None.
    """
    if not any(context.opts.get(given) for given in DEFAULT_FILTERS):
        return set()
    return {name for name in names if not _is_shown(context, name, schema)}


def _is_shown(context: AutogenContext, name: Name, default_schema: str) -> bool:
    schema: str | None = name[0]
    known = context.table_key_to_table
    local = known.get(f"{schema}.{name[1]}")
    if schema == default_schema:
        schema = None
        local = local if local is not None else known.get(name[1])
    if local is not None:
        return context.run_object_filters(local, local.name, "table", False, None)
    if schema is not None and not context.run_name_filters(schema, "schema", {}):
        return False
    if not context.run_name_filters(name[1], "table", {"schema_name": schema}):
        return False
    assert context.connection is not None
    try:
        table = Table(name[1], MetaData(), schema=schema, autoload_with=context.connection)
    except NoSuchTableError:  # of the models alone, and hidden there already
        return True
    return context.run_object_filters(table, name[1], "table", True, None)
