"""What came of filling scratch with made-up rows."""

from __future__ import annotations

from dataclasses import dataclass

from lockgate.core.environment import PRIMARY


@dataclass(frozen=True, slots=True)
class FilledTable:
    """What came of one table: `rows` in it of those `asked` for, and what is to be said."""

    name: str
    asked: int
    rows: int
    problem: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    """What came of all tables; `statistics` says in words what scratch's planner goes by.

    `part` is the database of a multi-database set-up.
    """

    tables: tuple[FilledTable, ...]
    statistics: str
    part: str = PRIMARY

    @property
    def problems(self) -> tuple[FilledTable, ...]:
        """The tables that could not be filled, or only in part."""
        return tuple(table for table in self.tables if table.problem is not None)

    @property
    def rows(self) -> int:
        """All rows that were made up."""
        return sum(table.rows for table in self.tables)
