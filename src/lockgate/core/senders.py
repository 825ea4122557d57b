"""Which of the application's statements use a table or a column, as pg_stat_statements keeps them.

That one uses it proves that code will break. That none does proves nothing: the server forgets
what is sent rarely, and everything when it is reset.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.ddl.text import split_name
from lockgate.core.finding import Severity
from lockgate.core.shape import Uses, uses_of
from lockgate.core.target import ApplicationStatement, TargetStatistics

WIDTH = 60
"""Of a statement that is quoted."""


def senders(target: TargetStatistics, relation: str) -> Iterator[tuple[ApplicationStatement, Uses]]:
    """The statements that name a relation of the Catalog, each with what it uses."""
    bare = split_name(relation)[-1]
    for sent in target.statements or ():
        uses = uses_of(sent.sql) if bare.strip('"') in sent.sql else None
        if uses is not None and {relation, bare} & uses.relations:
            yield sent, uses


def senders_through_views(
    target: TargetStatistics, relation: str
) -> Iterator[tuple[ApplicationStatement, Uses, str]]:
    """The statements that name a view over `relation`, and not itself, each with that view."""
    direct = {sent for sent, _ in senders(target, relation)}
    for view in target.views_over(relation):
        for sent, uses in senders(target, view):
            if sent not in direct:
                yield sent, uses, view


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
    line = " ".join(sql.split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 2]} …"
