"""Gathers what one statement does to each relation, while it is being read."""

from __future__ import annotations

from dataclasses import dataclass, field

from lockgate.core.effect import (
    Effect,
    Evidence,
    LockMode,
    StatementEffects,
    Toast,
    Transactional,
)
from lockgate.core.effects.applying import apply
from lockgate.core.effects.facts import Facts, facts
from lockgate.core.effects.structure import Kind, Name, Relation, Structure, spelled
from lockgate.core.effects.toast import has_toast
from lockgate.core.parsed import ParsedStatement

_STRENGTH = {mode: mode.strength for mode in LockMode}


@dataclass(slots=True)
class _Touch:
    mode: LockMode
    rewrites: bool = False
    scans: bool = False
    builds: list[str] = field(default_factory=list)
    unknown: bool = False
    out_of_use: bool = False
    passing: bool = False
    toast: LockMode | None = None
    toast_index: LockMode | None = None


@dataclass(slots=True)
class Touched:
    """What is known so far of one statement: relations by name, the strongest lock of each."""

    structure: Structure
    version: int
    relations: dict[Name, _Touch] = field(default_factory=dict)
    forbidden: bool = False
    fails_if_rows: bool = False
    unknown: bool = False
    own_structure: bool = False
    runs: bool = True
    depth: int = 0
    before: Structure | None = None
    dropped: set[Name] = field(default_factory=set)

    @property
    def facts(self) -> Facts:
        """What PostgreSQL of this version says of its own types and functions."""
        return facts(self.version)

    def lock(self, relation: Relation | Name, mode: LockMode) -> _Touch:
        """A lock on a relation; a stronger one than before counts."""
        name = relation.name if isinstance(relation, Relation) else relation
        touch = self.relations.get(name)
        if touch is None:
            touch = self.relations[name] = _Touch(mode)
        elif _STRENGTH[mode] > _STRENGTH[touch.mode]:
            touch.mode = mode
        return touch

    def lock_indexes(self, relation: Relation, mode: LockMode) -> None:
        """A lock on each index of a relation."""
        for index in relation.indexes:
            self.lock(index, mode)

    def lock_toast(self, relation: Relation, mode: LockMode, index: LockMode | None = None) -> None:
        """Locks on the TOAST table of a relation, and on the index of that, if it has one."""
        touch = self.relations.get(relation.name)
        if touch is None or not has_toast(self.structure, relation, self.facts):
            return
        touch.toast = _stronger(touch.toast, mode)
        touch.toast_index = _stronger(touch.toast_index, index)

    def scan(self, relation: Relation, mode: LockMode) -> None:
        """A lock, and all of the relation read under it."""
        self.lock(relation, mode).scans = relation.kind not in _NOT_STORED

    def lock_with_below(self, name: Name, mode: LockMode) -> None:
        """A lock on a table and, where it is partitioned, on its partitions."""
        for relation in self.structure.with_partitions(self.structure.get(name)):
            self.lock(relation, mode)

    def reads(self, relation: Relation) -> bool:
        """Whether all of the relation is read, as far as was gathered."""
        touch = self.relations.get(relation.name)
        return touch is not None and touch.scans

    def build(self, relation: Relation, index: str, mode: LockMode) -> None:
        """A lock, all of the relation read, and an index of it built."""
        touch = self.lock(relation, mode)
        touch.scans = True
        if index not in touch.builds:
            touch.builds.append(index)

    def rewrite(self, relation: Relation, mode: LockMode = LockMode.ACCESS_EXCLUSIVE) -> None:
        """A lock, all of the relation written anew, and so each of its indexes."""
        touch = self.lock(relation, mode)
        if relation.kind in _NOT_STORED:
            return
        touch.rewrites = touch.scans = True
        self.lock_toast(relation, mode, mode)
        for index in relation.indexes:
            self.lock(index, mode)
            if spelled(index) not in touch.builds:
                touch.builds.append(spelled(index))

    def doubt(self, name: Name) -> None:
        """Says that what is predicted of a touched relation is a guess to the safe side."""
        touch = self.relations.get(name)
        if touch is not None:
            touch.unknown = True

    def apply_within(self, parsed: ParsedStatement) -> None:
        """Lets what follows in a block see what a statement of it leaves."""
        if not self.own_structure:
            self.before, self.structure = self.structure, self.structure.copy()
            self.own_structure = True
        apply(self.structure, parsed)

    def _is_made_within(self, name: Name) -> bool:
        """Whether the statement itself has made a relation, which is in nobody's way."""
        if self.before is None:
            return False
        return name in self.structure.relations and name not in self.before.relations

    def _is_doubted(self, name: Name, touch: _Touch) -> bool:
        """Whether little is known, as of a relation that does not exist as far as anybody said."""
        return touch.unknown or (self.structure.complete and name not in self.structure.relations)

    def answer(self) -> StatementEffects:
        """What was gathered."""
        effects = [
            Effect(
                spelled(name),
                touch.mode,
                touch.rewrites,
                touch.scans,
                tuple(sorted(touch.builds)),
                Evidence.UNKNOWN if self._is_doubted(name, touch) else Evidence.PREDICTED,
                touch.out_of_use,
                Toast(touch.toast, touch.toast_index) if touch.toast is not None else None,
                touch.passing,
            )
            for name, touch in self.relations.items()
            if name[0] not in _SYSTEM and not self._is_made_within(name)
        ]
        if self.unknown:
            effects.append(UNKNOWN_EFFECT)
        return StatementEffects(
            tuple(effects),
            Transactional.FORBIDDEN if self.forbidden else Transactional.ALLOWED,
            self.fails_if_rows,
        )


def _stronger(one: LockMode | None, other: LockMode | None) -> LockMode | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda mode: _STRENGTH[mode])


_SYSTEM = frozenset(("pg_catalog", "information_schema"))
_NOT_STORED = frozenset((Kind.PARTITIONED, Kind.FOREIGN, Kind.VIEW))

UNKNOWN_EFFECT = Effect("?", LockMode.ACCESS_EXCLUSIVE, True, True, (), Evidence.UNKNOWN)
"""What a statement that cannot be read may do: anything, to a relation that has no name here."""
