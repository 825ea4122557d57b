"""What `statements` answers with: SQL in the order in which it has to run."""

from __future__ import annotations

from dataclasses import dataclass

from lockgate.core.catalog import Change


@dataclass(frozen=True, slots=True)
class ScriptStatement:
    """One statement of a Script.

    `settles` are the Changes that it makes, wholly or in part. It stands `outside` where it cannot
    share a transaction with what comes before and after. `loses` says which rows are gone after
    it, None where none are.
    """

    sql: str
    settles: tuple[Change, ...] = ()
    outside: bool = False
    loses: str | None = None
    cosmetic: bool = False
    """Whether it changes no structure: a comment, an owner, privileges."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A Change that no statement makes, and why."""

    change: Change
    reason: str


@dataclass(frozen=True, slots=True)
class Script:
    """Statements that lead from one Catalog to another, and what they leave."""

    statements: tuple[ScriptStatement, ...] = ()
    unsettled: tuple[Unsettled, ...] = ()

    @property
    def sql(self) -> str:
        """All of it as one text, with the transactions that it needs."""
        lines: list[str] = []
        for run in self.transactions():
            outside = run[0].outside
            lines += [] if outside else ["BEGIN;"]
            lines += [f"{statement.sql};" for statement in run]
            lines += [] if outside else ["COMMIT;"]
        return "\n".join(lines)

    @property
    def structural(self) -> Script:
        """Without the statements that change no structure."""
        kept = tuple(statement for statement in self.statements if not statement.cosmetic)
        return Script(kept, self.unsettled)

    def transactions(self) -> tuple[tuple[ScriptStatement, ...], ...]:
        """The statements, grouped by the transaction that each may stand in.

        What stands outside is a group of its own.
        """
        groups: list[list[ScriptStatement]] = []
        for statement in self.statements:
            if groups and not statement.outside and not groups[-1][0].outside:
                groups[-1].append(statement)
            else:
                groups.append([statement])
        return tuple(tuple(group) for group in groups)


@dataclass(frozen=True, slots=True)
class Step:
    """One statement for one unit, as the file of its kind makes it.

    `properties` are those of the unit's properties that it settles, none where it is all of them.
    """

    sql: str
    properties: tuple[str, ...] = ()
    outside: bool = False
    loses: str | None = None
