"""What a lint rule is, and what it is shown of a change: statements in their surroundings.

Rules are the modules of `lockgate.rules`, and those that installed packages name in the entry point
group `lockgate.rules`. Running them is `core.linter`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from lockgate.core.allowance import Allowance
from lockgate.core.effect import Effect, Evidence, LockMode, StatementEffects
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import TABLES, Kind, Name, Relation, Structure, spelled
from lockgate.core.finding import Severity
from lockgate.core.parsed import ParsedStatement, Tree
from lockgate.core.refusals import Refusal, Why
from lockgate.core.revision_source import RevisionSource
from lockgate.core.script import Remark
from lockgate.core.statement import Direction
from lockgate.core.target import TargetStatistics

UNKNOWN_RELATION = "?"
"""The relation of an Effect of which nobody knows even that."""

ALWAYS = "*"
"""In `ON`: every statement, after the rules that ask for its kind."""
END = "end"
"""In `ON`: the end of a file or of a Revision, for what only the whole tells."""
SOURCE = "source"
"""In `ON`: the Python text of a revision file."""


REMARK = "remark"
"""In `ON`: what in a file is no statement."""
ALLOWANCE = "allowance"
"""In `ON`: a suppression, when all was seen that it could suppress."""


SMALL_ROWS = 10_000
SMALL_BYTES = 8 * 1024 * 1024
IDLE_PER_SECOND = 1.0
"""A table with fewer rows and bytes is small, and one with fewer scans and writes idle."""


class Family(StrEnum):
    """What kind of harm a rule is about, as the index of rules is arranged."""

    BLOCKS = "Blocks the application"
    FAILS = "Fails where there are rows"
    BREAKS = "Breaks running code or loses rows"
    TRANSACTION = "Wrong transaction"
    CARE = "Asks for care"
    REVISION = "Revision files"
    WAY_BACK = "The way back"
    READING = "Cannot be read"
    STYLE = "Style, with --style only"


@dataclass(frozen=True, slots=True)
class Hazard:
    """What a rule says of one statement; the linter gives it its code and its place.

    `sized` hazards weigh as much as their relation: of one that is empty, small or made in the
    same change they are said softly or not at all. `statement` and `line` are where another
    statement than the one just seen is meant.
    """

    message: str
    remedy: str
    relation: str | None = None
    severity: Severity | None = None
    sized: bool = False
    statement: int | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None


class Rule(Protocol):
    """The shape of a module in `lockgate.rules`. A function that `ON` does not ask for may lack."""

    CODE: str
    """`LG` and three digits."""

    NAME: str
    """In words with hyphens, as in `index-not-concurrent`."""

    FAMILY: Family
    SEVERITY: Severity
    ON: tuple[str, ...]
    """Nodes as the parser names them, `AT_...` for one action of ALTER TABLE, or a word above."""

    BAD: str
    """SQL that the rule reports."""
    GOOD: str
    """The same change as it should be."""
    BAD_ALEMBIC: str
    """The body of an `upgrade()` that the rule reports."""
    GOOD_ALEMBIC: str

    def check(self, seen: Seen) -> Iterator[Hazard]:
        """What is wrong with one statement, or with one action of it."""
        ...

    def finish(self, unit: Unit) -> Iterator[Hazard]:
        """What is wrong at the end of a file or Revision; asked where `ON` has END."""
        ...

    def read(self, source: RevisionSource) -> Iterator[Hazard]:
        """What is wrong with the Python of a revision file; asked where `ON` has SOURCE."""
        ...

    def remark(self, remark: Remark) -> Iterator[Hazard]:
        """What is to say of something that is no statement; asked where `ON` has REMARK."""
        ...

    def allowance(self, allowance: Allowance) -> Iterator[Hazard]:
        """What is wrong with a suppression; asked where `ON` has ALLOWANCE."""
        ...


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule as reports name it; `summary` is the first sentence of its `page`."""

    code: str
    name: str
    summary: str
    page: str
    severity: Severity


def entry_of(rule: Rule) -> RuleEntry:
    """A rule with what its module says of it."""
    page = (rule.__doc__ or "").strip()
    return RuleEntry(rule.CODE, rule.NAME, page.partition("\n")[0], page, rule.SEVERITY)


@dataclass(frozen=True, slots=True)
class Done:
    """A statement that ran before, with what a later rule may ask of it."""

    index: int
    line: int
    kind: str
    effects: StatementEffects
    transaction: int


@dataclass(slots=True)
class Unit:
    """What is brought to the database together: a SQL file, or one way of a Revision.

    `made` are relations that did not exist before it, `filled` those of them that got rows.
    `transaction` counts its transactions from 1 and is 0 outside one; `held` are the locks of the
    one that is open, by relation, each with the statement that took it. `worked` are the relations
    that it works through under a lock that blocks; `worked_up`, on the way back, those of the
    upgrade. `notes` is what rules write down for later, under their own names; `run_notes` are
    those of all Units that are linted together, of which this is the `last`. `complete` is whether
    what is not in `structure` does not exist, `guessed` whether the Revision sends more, or
    something else, than could be had of it.
    """

    structure: Structure
    version: int
    revision: str | None = None
    direction: Direction = Direction.UP
    file: str | None = None
    target: TargetStatistics | None = None
    whole_transaction: bool = False
    complete: bool = False
    guessed: bool = False
    made: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    transaction: int = 0
    held: dict[str, tuple[LockMode, Done]] = field(default_factory=dict)
    statements: int = 0
    concurrent: Done | None = None
    worked: set[str] = field(default_factory=set)
    worked_up: set[str] = field(default_factory=set)
    # Any: each rule reads what it wrote itself.
    notes: dict[str, dict[Any, Any]] = field(default_factory=dict)
    run_notes: dict[Any, Any] = field(default_factory=dict)
    last: bool = True

    def relation(self, name: str) -> Relation | None:
        """What is known of a relation by its name in Effects."""
        for parts in self.structure.relations:
            if spelled(parts) == name:
                return self.structure.relations[parts]
        return None

    def is_table(self, name: str) -> bool:
        """Whether it is a table by itself, or unknown: no index, view, sequence or partition."""
        relation = self.relation(name)
        return relation is None or (relation.kind in TABLES and not relation.parents)

    def large(self, name: str) -> bool:
        """Whether the target has many rows in it."""
        found = self.target.relation(name) if self.target is not None else None
        return found is not None and (found.rows >= SMALL_ROWS or found.total_bytes >= SMALL_BYTES)

    def empty(self, name: str) -> bool:
        """Whether the target is known to have no row in it."""
        found = self.target.relation(name) if self.target is not None else None
        return found is not None and found.rows == 0

    def busy(self, name: str) -> bool:
        """Whether the target's application uses it, or nobody knows."""
        found = self.target.relation(name) if self.target is not None else None
        if found is None:
            return False
        rates = (found.traffic.reads, found.traffic.writes)
        return found.sessions > 0 or any(rate is None or rate >= IDLE_PER_SECOND for rate in rates)

    def note(self, name: str) -> dict[Any, Any]:
        """The page of one rule."""
        return self.notes.setdefault(name, {})


@dataclass(slots=True)
class Seen:
    """One statement as a rule sees it, before it runs.

    Of an ALTER TABLE with several actions each is seen by itself, with the effects that it alone
    has; `action` is its node and `whole` the statement's own effects. `said` are the relations that
    an earlier rule reported for this statement. `refusals` are why PostgreSQL is sure to refuse it.
    """

    index: int
    line: int
    parsed: ParsedStatement
    effects: StatementEffects
    unit: Unit
    action: Tree = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    refusals: tuple[Refusal, ...] = ()

    @property
    def kind(self) -> str:
        """The statement's node."""
        return self.parsed.kind

    @property
    def tree(self) -> Tree:
        """The statement's content."""
        return self.parsed.tree

    @property
    def structure(self) -> Structure:
        """What exists before it."""
        return self.unit.structure

    @property
    def in_transaction(self) -> bool:
        """Whether it runs in a transaction that others share."""
        return self.unit.transaction > 0

    def name(self, range_var: Tree | None) -> str:
        """The relation that a `RangeVar` means, as Effects name it."""
        return spelled(self.structure.resolve(parts_of(range_var or {})))

    @property
    def table(self) -> str:
        """The relation that the statement is on."""
        return self.name(self.tree.get("relation"))

    @property
    def relation(self) -> Relation:
        """The same with all that is known of it."""
        return self.structure.find(parts_of(self.tree.get("relation") or {}))

    def exists(self, relation: str) -> bool:
        """Whether a relation was there before this change, and may be in use."""
        if relation == UNKNOWN_RELATION or relation.startswith("pg_temp."):
            return False
        return relation not in self.unit.made

    def rows(self, relation: str) -> str:
        """How many rows the target has in a relation, as ` (1,200 rows)`; empty if nobody knows."""
        found = self.unit.target.relation(relation) if self.unit.target is not None else None
        return "" if found is None else f" ({found.rows:,} rows)"

    def blocking_work(self) -> Iterator[Effect]:
        """Effects that stop others for as long as they read, write or build, strongest first."""
        for effect in self.effects.effects:
            works = effect.scans or effect.rewrites or effect.builds
            if works and effect.blocks and self.exists(effect.relation):
                yield effect

    def blocking_work_on(self, relation: str) -> Effect | None:
        """That Effect on one relation or, of a partitioned one, on a partition; else None."""
        found = self.unit.relation(relation)
        names = {relation}
        if found is not None and found.kind is Kind.PARTITIONED:
            names.update(spelled(child.name) for child in self.structure.below(found))
        return next((e for e in self.blocking_work() if e.relation in names), None)

    @property
    def partitioned(self) -> bool:
        """Whether the statement is on a table that is known to be partitioned."""
        return self.relation.kind is Kind.PARTITIONED

    @property
    def fails(self) -> tuple[str, Severity]:
        """How to say that something fails which an unseen statement before it may have mended."""
        return ("may fail", Severity.WARNING) if self.unit.guessed else ("fails", Severity.ERROR)

    def refused(self, *reasons: Why) -> Iterator[Hazard]:
        """That it fails for one of those reasons, whatever the rows are."""
        for refusal in self.refusals:
            if refusal.why in reasons:
                yield Hazard(f"fails: {refusal.message}", refusal.remedy, refusal.relation)

    def unknown(self) -> bool:
        """Whether something of its effects is not known."""
        return any(e.evidence is Evidence.UNKNOWN for e in self.effects.effects)


def sets_lock_timeout(seen: Seen) -> bool:
    """Whether a `VariableSetStmt` makes the statements after it give up waiting for a lock."""
    return seen.tree.get("name") == "lock_timeout" and seen.tree.get("kind") == "VAR_SET_VALUE"


def short(relation: str) -> str:
    """A relation as people call it: without the schema `public`."""
    return relation.removeprefix("public.")


def blocked(effect: Effect) -> str:
    """The lock in words: `blocks reads and writes on orders`; `may block` where it is a guess."""
    blocks = "may block" if effect.evidence is Evidence.UNKNOWN else "blocks"
    return f"{blocks} {' and '.join(effect.blocks)} on {short(effect.relation)}"


def listed(names: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = list(names) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def using(users: Iterable[str]) -> str:
    """`a uses`, or `a and b use`, each named once."""
    names = sorted(set(users))
    return f"{listed(names)} {'uses' if len(names) == 1 else 'use'}"


def schema_name(name: Name) -> str:
    """A Structure's name as a Finding has it."""
    return short(spelled(name))
