"""What Alembic's autogenerate sees between a database and the models, in the team's `env.py`.

Writes nothing. Writing a revision is `authoring`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from alembic.autogenerate import produce_migrations
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from lockgate.core.catalog import Change
from lockgate.core.names import Name
from lockgate.migrations.claims import Claims, claims_of, flatten
from lockgate.migrations.driver import Steps
from lockgate.migrations.filters import hidden_tables

COMPARISONS = (("_user_compare_type", "type"), ("_user_compare_server_default", "default"))
"""Where a context keeps the comparisons of `env.py`, and the property that each is about."""


class Autogenerate:
    """Steps of a run that ask Alembic's autogenerate instead of running revisions.

    Give it the tables that differ; afterwards `hidden` are those of them that the filters of
    `env.py` hide, `alike` the columns whose type or default its own comparison calls the same,
    and `sees` tells of a Change whether autogenerate proposes it.
    """

    def __init__(self, tables: Iterable[Name] = ()) -> None:
        self.tables = frozenset(tables)
        self.hidden: set[Name] = set()
        self.alike: set[tuple[Name, str]] = set()
        self._claims: list[Claims] = []

    @property
    def steps(self) -> Steps:
        """For `drive`."""
        return lambda _, context: self.compare(context)

    def sees(self, change: Change) -> bool:
        """Whether an operation that autogenerate proposes makes `change`."""
        return any(claims(change) for claims in self._claims)

    def compare(self, context: MigrationContext) -> Sequence[Any]:
        """Asks in a run of `env.py` that is under way."""
        metadata = context.opts.get("target_metadata")
        if metadata is None:
            return ()
        schema = default_schema(context)
        for attribute, what in COMPARISONS:
            own = getattr(context, attribute)
            if callable(own):
                setattr(context, attribute, self._noting(own, what, schema))
        proposed = produce_migrations(context, metadata).upgrade_ops
        assert proposed is not None
        for operation in flatten(proposed.ops):
            claims = claims_of(operation, schema=schema)
            if claims is not None:
                self._claims.append(claims)
        self.hide(context)
        return ()

    def _noting(
        self, own: Callable[..., bool | None], what: str, schema: str
    ) -> Callable[..., bool | None]:
        """The comparison `own` of `env.py`, noted where it says that there is no difference."""

        def compare(context: Any, inspected: Any, column: Any, *more: Any) -> bool | None:
            differs = own(context, inspected, column, *more)
            if differs is False:
                table = column.table
                self.alike.add(((table.schema or schema, table.name, column.name), what))
            return differs

        return compare

    def hide(self, context: MigrationContext) -> None:
        """Finds `hidden`, and asks for no more; without models nothing hides."""
        if context.opts["target_metadata"] is None:
            return
        autogen = AutogenContext(context, metadata=context.opts["target_metadata"])
        schema = default_schema(context)
        self.hidden |= hidden_tables(autogen, self.tables, schema=schema)


def default_schema(context: MigrationContext) -> str:
    """The schema that unqualified names are in."""
    assert context.connection is not None
    found = context.connection.execute(text("SELECT pg_catalog.current_schema()")).scalar()
    return str(found or "public")
