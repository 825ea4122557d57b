"""Puts the statements for units in an order in which each finds what it needs."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from lockgate.core.catalog import DEPENDENCY_ORDER, Change, ChangeKind
from lockgate.core.ddl.fates import COMING, GONE, Fate, Fates
from lockgate.core.ddl.kinds import kinds
from lockgate.core.ddl.kinds.columns import inherited
from lockgate.core.ddl.kinds.constraints import is_partition_copy
from lockgate.core.ddl.script import ScriptStatement, Step
from lockgate.core.ddl.structure import (
    ATTACHMENT,
    CLUSTERING,
    COLUMN_DEFAULT,
    EXTENSION_DEPENDENCY,
    INHERITANCE,
    OF_RELATION,
    OF_TABLE,
    OF_TYPE,
    PARTITION,
    RELATIONS,
    REPLICA_IDENTITY,
    ROUTINES,
    SEQUENCE_OWNER,
    SHELL,
    TABLES,
    TYPES,
    VIEW_COLUMN,
    Key,
    Structure,
    Unit,
)
from lockgate.core.ddl.text import split_list, split_name

FOREIGN_KEY = "foreign key"

UNITS_AFTER = {
    "conversion": (SHELL,),
    "foreign table": (INHERITANCE,),
    "column": (COLUMN_DEFAULT, SEQUENCE_OWNER),
    "index": (PARTITION, ATTACHMENT, FOREIGN_KEY, REPLICA_IDENTITY, CLUSTERING),
    "materialized view": (VIEW_COLUMN,),
}
"""Units that are no objects, behind the kind of object that they follow."""
ORDER = tuple(one for kind in DEPENDENCY_ORDER for one in (kind, *UNITS_AFTER.get(kind, ())))
"""Kinds in the order in which they are made where nothing else decides; dropped in reverse."""
RANKS = {kind: rank for rank, kind in enumerate(ORDER)}

LATE = frozenset(
    [
        "schema",
        "extension",
        "collation",
        *TYPES,
        *ROUTINES,
        "operator",
        "operator family",
        "operator class",
        "cast",
        "language",
        "access method",
        "foreign-data wrapper",
        "server",
    ]
)
"""Kinds that go last of all: what needs them does not always say so."""

OF_A_TYPE = ("column", "attribute", "type", "domain")
"""Kinds that cannot be altered in every way while others need them."""
BY_ITSELF = ("policy", "constraint", COLUMN_DEFAULT, "function", "procedure", "publication table")
"""Kinds that can be dropped and made anew where altering them is in the way of others."""

DROP, MAKE, PURGE = "drop", "make", "purge"
Op = tuple[str, Key]
"""What is done, and to which unit; PURGE drops a type whose columns have left it."""


@dataclass
class Plan:
    """The operations for a set of Fates, and their order."""

    fates: Fates
    concurrently: bool = False
    apart: set[Op] = field(default_factory=set)
    """What would go along with another operation, but for a cycle."""

    def __post_init__(self) -> None:
        self.before: Structure = self.fates.before
        self.after: Structure = self.fates.after

    def statements(self, changes: Iterable[Change]) -> Iterator[ScriptStatement]:
        """Every statement, with the Changes that it settles."""
        by_unit = self._changes_by_unit(changes)
        ordered, hosted = self._ordered()
        made: list[ScriptStatement] = []
        for op in ordered:
            mine = [change for key in hosted[op] for change in by_unit.get(key, ())]
            for step in self._steps(op):
                told = _told(op, mine, step, self.fates)
                unblocking = self._unblocking(op, step)
                made.append(ScriptStatement(unblocking.sql, told, unblocking.outside, step.loses))
        settled = {id(change) for statement in made for change in statement.settles}
        # What comes about by what is done to another unit.
        silent = [
            change
            for key, found in by_unit.items()
            if key[0] in kinds() and key in self.fates.fates
            for change in found
            if id(change) not in settled
        ]
        yield from _with_silent(made, silent)

    # The operations

    def _operations(self) -> list[Op]:
        found: list[Op] = []
        for key, fate in self.fates.fates.items():
            if fate in GONE:
                found.append((DROP, key))
            if fate is not Fate.DROPPED:
                found.append((MAKE, key))
            if key in self.fates.swapped:
                found.append((PURGE, key))
        return found

    def _host(self, op: Op) -> Op:
        """The operation that this one comes along with; itself where there is none."""
        if op in self.apart:
            return op
        what, key = op
        if what == DROP:
            for holder in self._drop_holders(self.before.units[key]):
                if self.fates.of(holder) in GONE and holder != key:
                    return self._host((DROP, holder))
        elif what == MAKE and self.fates.of(key) in COMING:
            unit = self.after.units[key]
            if unit.kind == "constraint" and (left := self._left_behind(unit)) is not None:
                return self._host((DROP, left))
            holder_key = self._make_holder(unit)
            if holder_key is not None and self.fates.of(holder_key) in holding(unit):
                return self._host((MAKE, holder_key))
        return op

    def _left_behind(self, unit: Unit) -> Key | None:
        """The place under a parent whose end leaves a table this constraint of the parent."""
        for kind in (PARTITION, INHERITANCE):
            if self.fates.of((kind, unit.table)) is Fate.DROPPED:
                for parent in self.before.parents(unit.table):
                    of_parent = self.before.units.get(("constraint", f"{parent}.{unit.own_name}"))
                    if of_parent is not None and _is_inherited(of_parent, kind):
                        same = (of_parent.definition, of_parent.properties)
                        if same == (unit.definition, unit.properties):
                            return kind, unit.table
        return None

    def _drop_holders(self, unit: Unit) -> Iterator[Key]:
        """What takes this unit along when it is dropped."""
        structure = self.before
        if unit.kind == COLUMN_DEFAULT:
            yield "column", unit.name
        if unit.kind in OF_RELATION or unit.kind in OF_TABLE:
            for kind in RELATIONS:
                yield kind, unit.table
        if unit.kind in ("index", "statistics", ATTACHMENT):
            for kind in RELATIONS:
                yield kind, unit.table
        if unit.kind in ("index", "constraint"):
            attached = structure.units.get((ATTACHMENT, f"{unit.name_parts[0]}.{unit.own_name}"))
            if attached is not None and self.fates.of((PARTITION, unit.table)) not in GONE:
                yield from structure.named.get(attached.definition, ())
        elif unit.kind == "column" and unit.get("inherited") != "and declared":
            relation = structure.relation(unit.table)
            if relation is not None and relation.get("of type"):
                yield "attribute", f"{relation.get('of type')}.{unit.own_name}"
            for parent in structure.parents(unit.table):
                if not {self.fates.of((kind, unit.table)) for kind in (PARTITION, INHERITANCE)} & {
                    *GONE
                }:
                    yield "column", f"{parent}.{unit.own_name}"
        elif unit.kind == ATTACHMENT:
            yield PARTITION, unit.table
            for name in (unit.definition, unit.name):
                yield from structure.named.get(name, ())
        elif unit.kind in OF_TYPE:
            yield "type" if unit.kind == "attribute" else "domain", unit.table
        elif unit.kind == EXTENSION_DEPENDENCY:
            yield from structure.dependent(unit)
        elif unit.kind == SEQUENCE_OWNER:
            yield "sequence", unit.name
        elif unit.kind == "sequence":
            owner = structure.units.get((SEQUENCE_OWNER, unit.name))
            if owner is not None:
                yield "column", owner.definition
        elif unit.kind in ("publication table", "publication schema"):
            publication, rest = split_list(unit.name, ": ")
            yield "publication", publication
            yield "table", rest
            yield "schema", rest
        elif unit.kind == "function":
            for key in self.before.needs(unit):
                if key[0] == SHELL:
                    yield "type", key[1]
        elif unit.kind == SHELL:
            yield "type", unit.name

    def _make_holder(self, unit: Unit) -> Key | None:
        """What makes this unit along with itself."""
        if unit.kind == COLUMN_DEFAULT:
            return "column", unit.name
        if unit.kind == "column":
            relation = self.after.relation(unit.table)
            typed = relation.get("of type") if relation is not None else None
            if relation is not None and self.fates.of(relation.key) in COMING:
                return relation.key
            return ("attribute", f"{typed}.{unit.own_name}") if typed else None
        if unit.kind == INHERITANCE:
            return "table", unit.name
        if unit.kind == "attribute":
            return "type", unit.table
        copied = unit.kind == "constraint" and is_partition_copy(unit, self.after)
        if copied and self.fates.of((PARTITION, unit.table)) is None:
            return "constraint", f"{self.after.parents(unit.table)[0]}.{unit.own_name}"
        return None

    # The order

    def _ordered(self) -> tuple[list[Op], dict[Op, list[Key]]]:
        while True:
            hosts = {op: self._host(op) for op in self._operations()}
            hosted: dict[Op, list[Key]] = defaultdict(list)
            for op, host in hosts.items():
                hosted[host].append(op[1])
            following: dict[Op, set[Op]] = {op: set() for op in hosted}
            waits = dict.fromkeys(hosted, 0)
            for first, then in self._edges(hosts):
                one, other = hosts.get(first), hosts.get(then)
                if one is None or other is None or one == other or other in following[one]:
                    continue
                following[one].add(other)
                waits[other] += 1
            ordered = self._sorted(following, waits)
            if len(ordered) == len(hosted):
                return ordered, hosted
            stuck = set(hosted) - set(ordered)
            for may_part in (self._parts_easily, self._parts):
                apart = {op for op, host in hosts.items() if op != host in stuck and may_part(op)}
                if apart:
                    break
            else:
                altered = [
                    key
                    for what, key in stuck
                    if key[0] in BY_ITSELF and self.fates.of(key) is Fate.ALTERED
                ]
                if not altered:
                    return self._forced(following, waits, ordered), hosted
                self.fates.make_anew(sorted(altered))
            self.apart |= apart
            self.after.apart.update(key for what, key in apart if what == MAKE)

    def _parts_easily(self, op: Op) -> bool:
        """Whether it is a foreign key, or a default, that is in the way of another unit."""
        what, key = op
        foreign = what == DROP and self.before.units[key].is_foreign_key
        return foreign or key[0] == COLUMN_DEFAULT

    def _parts(self, op: Op) -> bool:
        """Whether it can be dropped before its table."""
        return op[0] == DROP and op[1][0] in ("constraint", "index", "policy", "rule", "trigger")

    def _sorted(self, following: dict[Op, set[Op]], waiting: dict[Op, int]) -> list[Op]:
        waits = dict(waiting)
        heap = [(self._priority(op), op) for op, count in waits.items() if count == 0]
        heapq.heapify(heap)
        ordered = []
        while heap:
            _, op = heapq.heappop(heap)
            ordered.append(op)
            for then in following[op]:
                waits[then] -= 1
                if waits[then] == 0:
                    heapq.heappush(heap, (self._priority(then), then))
        return ordered

    def _forced(
        self, following: dict[Op, set[Op]], waits: dict[Op, int], ordered: list[Op]
    ) -> list[Op]:
        """Cycles that nothing takes apart: by rank, and the proof will tell."""
        rest = sorted(set(waits) - set(ordered), key=self._priority)
        return ordered + rest

    def _priority(self, op: Op) -> tuple[int, int, str]:
        what, key = op
        rank = RANKS.get(self._rank_kind(key), len(RANKS))
        if what == MAKE:
            return 1, rank, key[1]
        late = what == PURGE or (key[0] in LATE and self.fates.of(key) is Fate.DROPPED)
        return 2 if late else 0, -rank, key[1]

    def _rank_kind(self, key: Key) -> str:
        unit = self.after.units.get(key) or self.before.units[key]
        return FOREIGN_KEY if unit.is_foreign_key else key[0]

    def _edges(self, hosts: dict[Op, Op]) -> Iterator[tuple[Op, Op]]:
        """Pairs of operations, the second of which has to wait for the first."""
        for what, key in hosts:
            if what == MAKE:
                yield from self._edges_of_making(key)
            elif what == DROP:
                yield from self._edges_of_dropping(key)
            else:
                yield (MAKE, key), (PURGE, key)
                for dependent in self.before.dependents(key):
                    yield (DROP, dependent), (PURGE, key)
                    yield (MAKE, dependent), (PURGE, key)
                    whole = dependent
                    if dependent[0] == "attribute":
                        whole = "type", self.before.units[dependent].table
                    yield (PURGE, whole), (PURGE, key)

    def _edges_of_making(self, key: Key) -> Iterator[tuple[Op, Op]]:
        unit = self.after.units[key]
        for needed in self.after.needs(unit):
            yield (MAKE, needed), (MAKE, key)
        if self.fates.of(key) is Fate.ALTERED:
            for dependent in self.before.dependents(key) if key[0] in OF_A_TYPE else ():
                yield (DROP, dependent), (MAKE, key)
        else:
            for name in _taken_names(unit):
                for clashing in self.before.named.get(name, ()):
                    yield (DROP, clashing), (MAKE, key)
                    if clashing[0] == "column" and key[0] == "sequence":
                        yield (MAKE, clashing), (MAKE, key)
        if key[0] == PARTITION:
            # What a partition has before it is attached is not made for it, nor what its parent
            # is given afterwards for itself alone.
            for part in self.after.held.get(key[1], ()):
                if not part.is_foreign_key:
                    yield (MAKE, part.key), (MAKE, key)
            for part in self.after.held.get(unit.properties["parents"], ()):
                yield (MAKE, key), (MAKE, part.key)

    def _edges_of_dropping(self, key: Key) -> Iterator[tuple[Op, Op]]:
        yield (DROP, key), (MAKE, key)
        for dependent in self.before.dependents(key):
            if self.fates.of(dependent) in GONE:
                yield (DROP, dependent), (DROP, key)
            elif key not in self.fates.swapped:
                yield (MAKE, dependent), (DROP, key)
        unit = self.before.units[key]
        copied = unit.kind == "constraint" and is_partition_copy(unit, self.before)
        if copied or (unit.kind == "column" and unit.get("inherited") == "and declared"):
            for parent in self.before.parents(unit.table):
                relation = self.before.relation(parent)
                if relation is not None and self.fates.of(relation.key) not in GONE:
                    yield (DROP, (unit.kind, f"{parent}.{unit.own_name}")), (DROP, key)

    # The statements

    def _steps(self, op: Op) -> list[Step]:
        what, key = op
        kind = kinds().get(key[0])
        if kind is None:
            return []
        if what == PURGE:
            unit = self.before.units[key]
            old = Unit(unit.kind, _set_aside(unit), unit.definition, unit.properties)
            return kind.drop(old, self.before)
        if what == DROP:
            unit = self.before.units[key]
            if key in self.fates.swapped:
                return _put_aside(unit)
            return [*kind.drop(unit, self.before), *self._left_over(unit)]
        if self.fates.of(key) is Fate.ALTERED:
            return self.fates.steps[key]
        return self._made(self.after.units[key])

    def _unblocking(self, op: Op, step: Step) -> Step:
        """An index of a table that stays is made and dropped without blocking, if that is asked."""
        what, (kind, _) = op
        if not self.concurrently or kind != "index":
            return step
        unit = (self.before if what == DROP else self.after).units[op[1]]
        tables = self.before.relation(unit.table), self.after.relation(unit.table)
        if any(table is None or table.get("partitioned by") for table in tables):
            return step
        if self.fates.of(("table", unit.table)) in GONE:
            return step
        for begin in ("CREATE INDEX", "CREATE UNIQUE INDEX", "DROP INDEX"):
            if step.sql.startswith(f"{begin} "):
                sql = step.sql.replace(begin, f"{begin} CONCURRENTLY", 1)
                return replace(step, sql=sql, outside=True)
        return step

    def _left_over(self, unit: Unit) -> Iterator[Step]:
        """Drops what a table keeps of its parent's constraints, and is to have no longer."""
        if unit.kind not in (PARTITION, INHERITANCE) or self.after.relation(unit.name) is None:
            return
        for parent in self.before.parents(unit.name):
            for found in self.before.held.get(parent, ()):
                name = ("constraint", f"{unit.name}.{found.own_name}")
                known = name in self.after.units or name in self.before.units
                if _is_inherited(found, unit.kind) and not known:
                    yield Step(f"ALTER TABLE {unit.name} DROP CONSTRAINT {found.own_name}")

    def _made(self, unit: Unit) -> list[Step]:
        if unit.kind == "column" and unit.get("inherited") != "and declared":
            for parent in self.after.parents(unit.table):
                if self.fates.of(("column", f"{parent}.{unit.own_name}")) in COMING:
                    return inherited(unit, self.after)
        return kinds()[unit.kind].create(unit, self.after)

    def _changes_by_unit(self, changes: Iterable[Change]) -> dict[Key, list[Change]]:
        origins = {**dict(self.before.origins()), **dict(self.after.origins())}
        units = self.before.units, self.after.units
        found: dict[Key, list[Change]] = defaultdict(list)
        for change in changes:
            key: Key = (change.object, change.name)
            if change.property is not None:
                key = origins.get((*key, change.property), key)
            if not any(key in known for known in units):
                key = {"column": VIEW_COLUMN, "type": SHELL}.get(key[0], key[0]), change.name
            found[key].append(change)
        return found


def _with_silent(made: list[ScriptStatement], silent: list[Change]) -> Iterator[ScriptStatement]:
    """The statements, the silent Changes with the first that is about the same table or type."""
    owed: dict[str, list[Change]] = defaultdict(list)
    for change in silent:
        owed[".".join(split_name(change.name)[:2])].append(change)
    for position, statement in enumerate(made):
        about = {".".join(split_name(change.name)[:2]) for change in statement.settles}
        if position == len(made) - 1:
            about |= owed.keys()
        more = tuple(change for name in sorted(about) for change in owed.pop(name, ()))
        yield replace(statement, settles=statement.settles + more) if more else statement


def holding(unit: Unit) -> tuple[Fate, ...]:
    """What its holder's Fate has to be for this unit to be made along with it."""
    return (*COMING, Fate.ALTERED) if unit.kind == "attribute" else COMING


def _is_inherited(unit: Unit, kind: str) -> bool:
    """Whether a partition, or an heir, has this constraint of its parent untold."""
    if unit.kind != "constraint" or unit.get("no inherit"):
        return False
    return unit.definition.startswith("FOREIGN KEY" if kind == PARTITION else "CHECK")


def _set_aside(unit: Unit) -> str:
    """The name of a type while its columns leave it."""
    schema, name = unit.name_parts
    plain = name[1:-1] if name.startswith('"') else name
    return f'{schema}."lockgate_old_{plain[:40]}"'


def _put_aside(unit: Unit) -> list[Step]:
    """Makes room for the new type, and for the functions that a range has by its name."""
    word = "COLLATION" if unit.kind == "collation" else "TYPE"
    aside = _set_aside(unit).removeprefix(f"{unit.name_parts[0]}.")
    steps = [Step(f"ALTER {word} {unit.name} RENAME TO {aside}")]
    if multirange := unit.get("multirange"):
        multi = aside.replace("lockgate_old_", "lockgate_old_multi_", 1)
        subtype = unit.properties["subtype"]
        steps += [
            Step(f"ALTER FUNCTION {unit.name}({arguments}) RENAME TO {aside}")
            for arguments in (f"{subtype}, {subtype}", f"{subtype}, {subtype}, text")
        ]
        steps.append(Step(f"ALTER FUNCTION {multirange}() RENAME TO {multi}"))
        steps.append(Step(f"ALTER TYPE {multirange} RENAME TO {multi}"))
    return steps


def _taken_names(unit: Unit) -> tuple[str, ...]:
    if unit.kind in ROUTINES or unit.kind == "operator":
        return (unit.base,)
    if unit.kind == "constraint":
        return (f"{unit.name_parts[0]}.{unit.own_name}",)
    if unit.kind in (*TABLES, *TYPES, *RELATIONS, "sequence", "index"):
        return (unit.name,)
    return ()


def _told(op: Op, changes: list[Change], step: Step, fates: Fates) -> tuple[Change, ...]:
    """The Changes among those of its units that this very statement settles."""
    what, key = op
    if what == PURGE:
        return ()
    if what == DROP:
        return tuple(
            change
            for change in changes
            if change.kind is ChangeKind.REMOVED or fates.of(key) is Fate.DROPPED
        )
    if fates.of(key) is Fate.ALTERED and step.properties:
        return tuple(
            c for c in changes if c.property in step.properties or (c.object, c.name) != key
        )
    return tuple(
        change for change in changes if change.kind is not ChangeKind.REMOVED or change.property
    )
