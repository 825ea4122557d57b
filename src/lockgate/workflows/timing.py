"""What the statements of a run had to do, noted beside how long they took: rates for forecasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from lockgate.core.catalog import Catalog
from lockgate.core.ledger import LedgerWork
from lockgate.core.outcome import Step
from lockgate.core.statement import Statement
from lockgate.core.target import TargetStatistics
from lockgate.errors import LockgateError
from lockgate.postgres.connect import Checked
from lockgate.postgres.literal import with_literals
from lockgate.postgres.statistics import read_statistics

if TYPE_CHECKING:
    from lockgate.core.effects import Structure
    from lockgate.core.parsed import ParsedStatement

SHORTEST_RECORDED_MS = 20.0
"""What was shorter than this on the target was over before its rate could show."""


@dataclass
class Sizing:
    """A database as it was before a run, followed through the run's statements.

    Nothing is parsed until one took long enough to be learned from: most revisions are over
    sooner, and need no parser.
    """

    catalog: Catalog
    statistics: TargetStatistics
    unread: list[Statement] = field(default_factory=list)

    @cached_property
    def structure(self) -> Structure:
        """What is there before the next statement."""
        from lockgate.core.effects import structure_of

        return structure_of(self.catalog)

    def works_of(self, statements: Iterable[Statement]) -> Mapping[int, tuple[LedgerWork, ...]]:
        """The works of those of `statements` that took long enough, by their place."""
        found: dict[int, tuple[LedgerWork, ...]] = {}
        for place, statement in enumerate(statements):
            if (statement.milliseconds or 0) >= SHORTEST_RECORDED_MS:
                if kept := self._kept(statement):
                    found[place] = kept
            elif statement.sql.lstrip()[:6].upper() not in ("INSERT", "UPDATE", "DELETE", "SELECT"):
                # Rows change no structure, and of such statements there may be thousands.
                self.unread.append(statement)
        return found

    def _kept(self, statement: Statement) -> tuple[LedgerWork, ...]:
        from lockgate.core.effects import apply
        from lockgate.core.timings import counted, kept_works, tells_a_rate, works_in

        for earlier in self.unread:
            apply(self.structure, _parsed(earlier))
        self.unread.clear()
        parsed = _parsed(statement)
        version = self.statistics.server_version // 10_000
        works = works_in(parsed, self.structure, version, self.statistics)
        apply(self.structure, parsed)
        kept = kept_works(counted(works, statement.rows))
        return kept if tells_a_rate(kept) else ()


@dataclass(frozen=True)
class Sizings:
    """The databases of a run, by part; one that does not tell its sizes is left out."""

    parts: Mapping[str, Sizing]

    def works_of(self, step: Step) -> Mapping[int, tuple[LedgerWork, ...]]:
        """The works of the statements of `step`, by their place among its own."""
        sizing = self.parts.get(step.part)
        own = [statement for statement in step.statements if not statement.bookkeeping]
        return {} if sizing is None else sizing.works_of(own)


def sizings_of(checked: Mapping[str, Checked], catalogs: Mapping[str, Catalog]) -> Sizings:
    """How large each database is before a run; `checked` connections are in no transaction."""
    found = {}
    for part, catalog in catalogs.items():
        # A run does not fail for what only forecasts need.
        with suppress(LockgateError):
            found[part] = Sizing(catalog, read_statistics(checked[part].connection))
    return Sizings(found)


def _parsed(statement: Statement) -> ParsedStatement:
    from lockgate.core.sql.trees import parse_one

    return parse_one(with_literals(statement.sql, statement.parameters))
