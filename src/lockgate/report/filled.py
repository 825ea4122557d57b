"""Made-up rows on scratch, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lockgate.core.filled import Filled


def filled_text(filled: Iterable[Filled]) -> list[str]:
    """A line for each database, and for each table that there is something to say of."""
    lines = []
    for one in filled:
        tables = sum(table.rows > 0 for table in one.tables)
        word = "table" if tables == 1 else "tables"
        on = f" on {one.part}" if one.part else ""
        lines.append(f"  {one.rows:,} made-up rows in {tables} {word}{on}")
        for table in one.problems:
            less = "in part" if table.rows else "not"
            lines.append(f"  ! {table.name} is {less} filled: {table.problem}")
        if one.problems:
            lines.append(
                "    -> what runs on it finds fewer rows here: judge it by like statements"
            )
        noted = [table for table in one.tables if table.notes and table.problem is None]
        lines += [f"  note: {table.name}: {'; '.join(table.notes)}" for table in noted]
    return lines


def filled_document(filled: Iterable[Filled]) -> list[dict[str, Any]]:
    """What came of each table; `planner` says what scratch's planner goes by."""
    return [
        {
            "database": one.part or None,
            "planner": one.statistics,
            "tables": [
                {
                    "relation": table.name,
                    "asked": table.asked,
                    "rows": table.rows,
                    "problem": table.problem,
                    "notes": list(table.notes),
                }
                for table in one.tables
            ],
        }
        for one in filled
    ]
