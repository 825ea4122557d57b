"""Which of the application's statements use a table or a column, as pg_stat_statements keeps them.

That one uses it proves that code will break. That none does proves nothing: the server forgets
what is sent rarely, and everything when it is reset.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lockgate.core.ddl.text import split_list, split_name, unquote
from lockgate.core.effect import LockMode
from lockgate.core.finding import Severity
from lockgate.core.sql import without_values
from lockgate.core.sql.trees import quote_identifier
from lockgate.core.target import ApplicationStatement, TargetStatistics
from lockgate.core.uses import ALL, Columns, Uses, uses_of

WIDTH = 60
"""Of a statement that is quoted."""


def senders(target: TargetStatistics, relation: str) -> Iterator[tuple[ApplicationStatement, Uses]]:
    """The statements that name a relation of the Catalog, each with what it uses.

    A name without a schema is looked for along the search path of the role that sends it, as far
    as the server's settings say; one that is not found there may be of any schema.
    """
    bare = split_name(relation)[-1]
    wanted = bare.strip('"').casefold()
    for sent in target.statements or ():
        if wanted not in sent.sql.casefold():
            continue
        uses = uses_of(sent.sql, _SearchPath(target, tuple(_schemas(sent))))
        if uses is not None and {relation, bare} & uses.relations:
            yield sent, uses


@dataclass(frozen=True, slots=True)
class _SearchPath:
    """What names mean to one role in the database that `target` is of."""

    target: TargetStatistics
    schemas: tuple[str, ...]

    def relation(self, name: str) -> str:
        if len(split_name(name)) > 1:
            return name
        for schema in self.schemas:
            if self.target.has(f"{schema}.{name}"):
                return f"{schema}.{name}"
        return name

    def columns(self, relation: str) -> Columns:
        found = self.target.relation(relation)
        return found.column_names if found is not None else None


def _schemas(sent: ApplicationStatement) -> Iterator[str]:
    for entry in split_list(sent.search_path, ","):
        name = entry.strip()
        name = unquote(name) if name.startswith('"') else name.lower()
        yield quote_identifier((sent.role or "") if name == "$user" else name)


def senders_through_views(
    target: TargetStatistics, relation: str
) -> Iterator[tuple[ApplicationStatement, Uses, str]]:
    """The statements that name a view over `relation`, and not itself, each with that view."""
    direct = {sent for sent, _ in senders(target, relation)}
    for view in target.views_over(relation):
        for sent, uses in senders(target, view):
            if sent not in direct:
                yield sent, uses, view


def senders_through_keys(
    target: TargetStatistics, relation: str, mode: LockMode
) -> Iterator[ApplicationStatement]:
    """The statements that wait for `relation` in `mode` since a foreign key is looked after.

    A row that comes to refer to it is looked for there; so are rows there that refer to one that
    goes, and a cascade changes them.
    """
    for key in target.references:
        if key.referenced == relation and mode.strength >= _AGAINST_LOOKING.strength:
            for sent, uses in senders(target, key.table):
                if uses.writes(key.columns, _names(key.table)):
                    yield sent
        against = _AGAINST_CHANGES if key.cascades else _AGAINST_LOOKING
        if key.table == relation and mode.strength >= against.strength:
            for sent, uses in senders(target, key.referenced):
                names = _names(key.referenced)
                moved = {(of, name) for of, name in uses.written if of in names}
                inserts = (key.referenced, ALL) in moved
                if uses.deletes & names or (not inserts and uses.writes(key.keys, names)):
                    yield sent


_AGAINST_LOOKING, _AGAINST_CHANGES = LockMode.EXCLUSIVE, LockMode.SHARE
"""The weakest locks that SELECT ... FOR KEY SHARE waits for, and a change of rows."""


def _names(relation: str) -> frozenset[str]:
    return frozenset({relation, split_name(relation)[-1]})


def broken_code(
    target: TargetStatistics | None, relation: str, column: str | None = None
) -> tuple[str, Severity | None]:
    """What to add to "breaks code that uses it", and how much it weighs; None as much as always.

    With a `column` only statements count that use it, or that ask for all columns.
    """
    if target is None or target.statements is None:
        return "", None
    found = [
        sent
        for sent, uses in senders(target, relation)
        if column is None or uses.takes(column, {relation, split_name(relation)[-1]})
    ]
    if not found:
        return ", of which pg_stat_statements keeps none", Severity.WARNING
    busiest = max(found, key=lambda sent: (sent.calls_per_second or 0, sent.calls))
    often = busiest.calls_per_second
    rate = "" if often is None else f", {often:.1f} a second" if often >= 0.05 else ", rarely"
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return f": {_quoted(busiest.sql)}{rate}{more}", None


def _quoted(sql: str) -> str:
    line = " ".join(without_values(sql).split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 2]} …"
