"""Decides what becomes of each unit: made, dropped, altered, or dropped and made again.

What needs a unit that is dropped has to go before it and to come back after it. Columns never do
so for the sake of others: they hold rows. Where their type is made anew they are led over to it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from lockgate.core.ddl.kinds import Alteration, NeedsInheritance, NeedsTable, kinds
from lockgate.core.ddl.kinds.columns import alike
from lockgate.core.ddl.kinds.constraints import check_kept_parent
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import (
    ATTACHMENT,
    COLUMN_DEFAULT,
    INHERITANCE,
    PARTITION,
    ROUTINES,
    SHELL,
    TABLES,
    TYPES,
    Key,
    Structure,
    Unit,
)
from lockgate.core.ddl.text import beside


class Fate(StrEnum):
    """What becomes of a unit."""

    MADE = "made"
    DROPPED = "dropped"
    ALTERED = "altered"
    ANEW = "anew"  # dropped and made again


GONE = (Fate.DROPPED, Fate.ANEW)
COMING = (Fate.MADE, Fate.ANEW)

BY_TYPE_OF_COLUMN = frozenset(
    [
        "view",
        "materialized view",
        "rule",
        "policy",
        "trigger",
        "column",
        COLUMN_DEFAULT,
        "function",
        "procedure",
        "publication table",
    ]
)
"""What has to go while a column that it needs takes another type; PostgreSQL sees to the rest."""


@dataclass
class Fates:
    """What becomes of every unit that does not stay as it is."""

    before: Structure
    after: Structure
    fates: dict[Key, Fate] = field(default_factory=dict)
    steps: dict[Key, list[Step]] = field(default_factory=dict)
    """For what is altered, how."""
    swapped: set[Key] = field(default_factory=set)
    """Types that are made anew while columns of them stay."""
    _queue: deque[Key] = field(default_factory=deque)

    def decide(self) -> None:
        """Fills it."""
        old, new = self.before.units, self.after.units
        for key, unit in old.items():
            if key not in new:
                self._put(key, Fate.DROPPED)
            elif new[key] != unit:
                self._alter(key)
        for key in new:
            if key not in old:
                self._put(key, Fate.MADE)
        self._settle()
        for key, fate in list(self.fates.items()):
            if fate is Fate.MADE:
                self._check_made(new[key])
        self._settle()

    def of(self, key: Key) -> Fate | None:
        """What becomes of it; None where it stays."""
        return self.fates.get(key)

    def make_anew(self, keys: Iterable[Key]) -> None:
        """Has units dropped and made again that were to be altered."""
        for key in keys:
            self._put(key, Fate.ANEW)
        self._settle()

    def _settle(self) -> None:
        while self._queue:
            key = self._queue.popleft()
            for dependent in self.before.dependents(key):
                self._disturb(dependent, key)

    def _put(self, key: Key, fate: Fate) -> None:
        if self.fates.get(key) in (fate, *GONE):
            return
        if fate is Fate.ANEW and key not in self.after.units:
            fate = Fate.DROPPED
        self.fates[key] = fate
        self.steps.pop(key, None)
        if fate in GONE:
            self._queue.append(key)
            self._bound(self.before.units[key], fate)

    def _bound(self, unit: Unit, fate: Fate) -> None:
        """What goes with it for reasons of its kind."""
        alteration = self._alteration()
        if unit.kind == ATTACHMENT:
            kept = self.after.units.get((PARTITION, unit.table)) and self.after.relation(unit.table)
            if kept and self.fates.get((PARTITION, unit.table)) not in GONE:
                for name in (unit.name, unit.definition):
                    for key in self.before.named.get(name, ()):
                        self._put(key, Fate.ANEW)
        elif unit.kind in ("index", "constraint"):
            attached = self.before.units.get((ATTACHMENT, beside(unit.name, unit.own_name)))
            if attached is not None:
                self._put(attached.key, Fate.ANEW)
            if unit.kind == "constraint":
                try:
                    check_kept_parent(unit, alteration)
                except NeedsTable:
                    self._table_anew(unit.table)
        elif unit.kind == "attribute" and fate is Fate.ANEW:
            self._put(("type", unit.table), Fate.ANEW)
        elif unit.kind == "type" and (SHELL, unit.name) in self.before.units:
            self._put((SHELL, unit.name), Fate.ANEW)
        elif unit.kind == INHERITANCE and fate is Fate.ANEW:
            columns = self.after.columns.get(unit.name, ())
            if any(column.get("inherited") == "yes" for column in columns):
                self._table_anew(unit.name)

    def _alteration(self, *, swapped: bool = False) -> Alteration:
        return Alteration(self.before, self.after, self.before.major, swapped)

    def _alter(self, key: Key, *, swapped: bool = False) -> None:
        old, new = self.before.units[key], self.after.units[key]
        kind = kinds().get(key[0])
        try:
            steps = kind.alter(old, new, self._alteration(swapped=swapped)) if kind else []
        except NeedsTable:
            self._table_anew(new.table)
            return
        except NeedsInheritance:
            self._put((INHERITANCE, new.table), Fate.ANEW)
            steps = []
        if steps is None:
            self._put(key, Fate.ANEW)
        elif self.fates.get(key) not in GONE:
            self.fates[key] = Fate.ALTERED
            self.steps[key] = steps
            if any("type" in step.properties for step in steps) and key[0] == "column":
                self._queue.append(key)

    def _table_anew(self, name: str) -> None:
        for kind in TABLES:
            if (kind, name) in self.before.units:
                self._put((kind, name), Fate.ANEW)

    def _check_made(self, unit: Unit) -> None:
        """A column that an heir is to have from its parent alone comes with the parent's."""
        if unit.kind != "column" or unit.get("inherited") != "yes":
            return
        parents = [("column", f"{p}.{unit.own_name}") for p in self.after.parents(unit.table)]
        if not any(self.fates.get(parent) in COMING for parent in parents):
            self._table_anew(unit.table)

    def _disturb(self, key: Key, cause: Key) -> None:
        """`key` needs `cause`, which is gone, or is a column whose type changes."""
        fate = self.fates.get(key)
        if fate in GONE or key not in self.after.units:
            return
        gone = self.fates.get(cause) in GONE
        if not gone:
            self._disturb_by_type(key, cause)
            return
        needs = self.after.needs(self.after.units[key])
        still_needed = cause in needs or (
            cause[0] in TYPES and any((kind, cause[1]) in needs for kind in TYPES)
        )
        if not still_needed and fate is None and self._means_another(cause):
            return
        if key[0] == "column":
            self._disturb_column(key, cause, still_needed=still_needed)
        elif fate is not Fate.ALTERED or still_needed:
            self._put(key, Fate.ANEW)

    def _means_another(self, cause: Key) -> bool:
        """Whether a text that stays as it is may name another function of the same name."""
        if cause[0] not in ROUTINES:
            return False
        return bool(self.after.named.get(self.before.units[cause].base))

    def _disturb_by_type(self, key: Key, cause: Key) -> None:
        unit = self.before.units[key]
        types = (
            structure.units[cause].properties["type"] for structure in (self.before, self.after)
        )
        led_over = any(" USING " in step.sql for step in self.steps.get(cause, ()))
        recast = led_over or not alike(*types)
        if unit.kind == "column":
            if unit.get("generated") and unit.table == self.before.units[cause].table:
                self._put(key, Fate.ANEW)
        elif unit.kind in BY_TYPE_OF_COLUMN or (recast and unit.is_foreign_key):
            self._put(key, Fate.ANEW)

    def _disturb_column(self, key: Key, cause: Key, *, still_needed: bool) -> None:
        unit = self.before.units[key]
        if cause[0] in TABLES and unit.table == cause[1]:
            self._put(key, Fate.ANEW)
        elif cause[0] in (*TYPES, "collation"):
            if still_needed or self.fates[cause] is Fate.ANEW:
                self.swapped.add(cause)
            if still_needed:
                self._alter(key, swapped=True)
        elif still_needed and (cause[0] == "column" or unit.get("generated")):
            self._put(key, Fate.ANEW)
