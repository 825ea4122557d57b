"""Asks every rule about every statement, and gives what they say its code, weight and place.

Answers in a stream, so that a file of any size is linted in the memory of a block of it. Which
rules there are is the caller's to say; reading files is `core.script`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from lockgate.core.allowance import Allowance, read_allowance
from lockgate.core.effect import StatementEffects, Transactional
from lockgate.core.effects import nested_statements, predict
from lockgate.core.effects.applying import CHANGES
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import Kind, Relation, spelled
from lockgate.core.effects.trees import words_in
from lockgate.core.finding import Finding, Severity
from lockgate.core.forecast import Forecast
from lockgate.core.parsed import TOO_DEEP, ParsedStatement, SyntaxProblem, Tree
from lockgate.core.refusals import Why, follow, refusals
from lockgate.core.revision_source import RevisionSource, comments
from lockgate.core.rule import (
    ALLOWANCE,
    ALWAYS,
    END,
    REMARK,
    SOURCE,
    UNKNOWN_RELATION,
    Done,
    Hazard,
    Rule,
    Seen,
    Unit,
)
from lockgate.core.script import Comment, Placed, Remark
from lockgate.core.statement import Direction


@dataclass(frozen=True, slots=True)
class LintedStatement:
    """One statement with its place and its effects; those of one that cannot be read are unknown.

    `forecasts` are what it would cost, by part of the environment that was named: on each database
    that has a table of it, or on all where none has.
    """

    index: int
    parsed: ParsedStatement
    line: int
    column: int
    file: str | None
    revision: str | None
    effects: StatementEffects
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """Its text."""
        return self.parsed.sql


Answer = LintedStatement | Finding
Rules = Mapping[str, tuple[Rule, ...]]


def by_subject(rules: Iterable[Rule]) -> Rules:
    """The rules by each word of their `ON`."""
    found: defaultdict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        for word in rule.ON:
            found[word].append(rule)
    return {word: tuple(asked) for word, asked in found.items()}


class UnitLinter:
    """Lints one Unit, statement by statement. The Unit's structure moves on with each."""

    def __init__(
        self, rules: Rules, unit: Unit, *, first_index: int = 0, remembers: bool = False
    ) -> None:
        self.rules = rules
        self.unit = unit
        self.index = first_index
        self.allowances: list[Allowance] = []
        self.waiting: list[Allowance] = []
        self.last_line = 0
        self.lines: dict[int, int] = {}
        self.remembers = remembers
        self.touched: set[str] = set()
        """The words of the statements that change what there is, where somebody wants them."""
        if unit.whole_transaction:
            unit.transaction = 1
        self.transactions = unit.transaction

    # A file

    def script(self, passages: Iterable[Placed | Remark | Comment]) -> Iterator[Answer]:
        """Every statement of a file and what is to say of it, in order."""
        for passage in passages:
            if isinstance(passage, Placed):
                yield from self.statement(
                    passage.parsed, passage.line, column=passage.column, last=passage.last_line
                )
            elif isinstance(passage, Remark):
                self.unit.structure.certainty.doubt_everything()  # another file, or half of one
                for rule in self.rules.get(REMARK, ()):
                    for hazard in rule.remark(passage):
                        yield from self._say(rule, hazard, None, passage.line, passage.column)
            elif (allowance := read_allowance(passage.text, passage.line)) is not None:
                self.waiting.append(allowance)
        yield from self.finish()

    # A revision

    def source(self, source: RevisionSource) -> Iterator[Finding]:
        """What is to say of a revision file's Python; its suppressions hold from here on."""
        self.unit.guessed = source.unread is not None
        for line, words, alone in comments(source.text):
            allowance = read_allowance(words, line)
            if allowance is not None:
                span = source.following(line) if alone else source.span(line)
                allowance.first, allowance.last = min(line, span[0]), max(line, span[1])
                self.allowances.append(allowance)
        for rule in self.rules.get(SOURCE, ()):
            for hazard in rule.read(source):
                yield from self._say(rule, hazard, None, hazard.line)

    def statement(
        self,
        parsed: ParsedStatement,
        line: int,
        *,
        column: int = 1,
        last: int | None = None,
        transactional: bool | None = None,
    ) -> Iterator[Answer]:
        """One statement and what is to say of it.

        `transactional` is whether it runs in the Revision's transaction; None where the
        statements themselves say so.
        """
        unit = self.unit
        last = line if last is None else last
        if self.waiting:
            self._settle(line, last)
        if transactional is not None and transactional is not (unit.transaction > 0):
            self._begin() if transactional else self._end()
        try:
            answers = list(self._answers(parsed, line, column))
        except RecursionError:
            problem = SyntaxProblem(TOO_DEEP, line, column)
            unread = replace(parsed, kind="", tree={}, problem=problem)
            answers = list(self._answers(unread, line, column))
        yield from answers
        self.last_line = last
        self.index += 1

    def _answers(self, parsed: ParsedStatement, line: int, column: int) -> Iterator[Answer]:
        unit = self.unit
        effects = predict(parsed, unit.structure, unit.version)
        seen = Seen(self.index, line, parsed, effects, unit)
        if unit.direction is Direction.UP:
            seen.refusals = refusals(parsed, unit.structure, unit.version)
        yield LintedStatement(self.index, parsed, line, column, unit.file, unit.revision, effects)
        yield from self._ask(seen)
        self._remember(seen)

    def _ask(self, seen: Seen) -> Iterator[Finding]:
        # What is not there takes no harm.
        if not any(refusal.why is Why.MISSING for refusal in seen.refusals):
            yield from self._ask_kind(seen)
            yield from self._ask_nested(seen)
        yield from self._check(self.rules.get(ALWAYS, ()), seen)

    def _ask_kind(self, seen: Seen) -> Iterator[Finding]:
        kind, rules = seen.parsed.kind, self.rules
        if kind == "AlterTableStmt":
            if seen.tree.get("missing_ok") and seen.unit.complete and not seen.relation.known:
                return  # IF EXISTS finds nothing
            actions = seen.parsed.tree.get("cmds", ())
            for node in actions:
                action = node["AlterTableCmd"]
                asked = rules.get(action["subtype"], ())
                if asked:
                    one = seen if len(actions) == 1 else self._alone(seen, node)
                    one.action = action
                    yield from self._check(asked, one)
        yield from self._check(rules.get(kind, ()), seen)

    def _ask_nested(self, seen: Seen) -> Iterator[Finding]:
        """The same of each statement that this one runs, at its place."""
        called = seen.kind in ("CallStmt", "SelectStmt") and seen.structure.routines
        written = "withClause" in seen.tree
        if not (called or written) and seen.kind not in ("DoStmt", "ExplainStmt"):
            return
        unit = self.unit
        for parsed in nested_statements(seen.parsed, unit.structure, unit.version):
            effects = predict(parsed, unit.structure, unit.version)
            inner = Seen(seen.index, seen.line, parsed, effects, unit, said=seen.said)
            yield from self._ask_kind(inner)
            _note(inner)

    def _alone(self, seen: Seen, action: Tree) -> Seen:
        """One of several actions, with the effects that it alone has."""
        parsed = replace(seen.parsed, tree={**seen.parsed.tree, "cmds": [action]})
        effects = predict(parsed, self.unit.structure, self.unit.version)
        return Seen(seen.index, seen.line, parsed, effects, self.unit, said=seen.said)

    def _check(self, rules: tuple[Rule, ...], seen: Seen) -> Iterator[Finding]:
        for rule in rules:
            for hazard in rule.check(seen):
                if hazard.relation is not None:
                    seen.said.add(hazard.relation)
                yield from self._say(rule, hazard, seen.index, seen.line)

    def _remember(self, seen: Seen) -> None:
        unit, parsed, effects = self.unit, seen.parsed, seen.effects
        done = Done(seen.index, seen.line, parsed.kind, effects, unit.transaction)
        unit.statements += 1
        _note(seen)
        unit.worked.update(effect.relation for effect in seen.blocking_work())
        if effects.transaction is Transactional.FORBIDDEN:
            unit.concurrent = unit.concurrent or done
        # The way back is not gone: the next Revision comes after the upgrade.
        if unit.direction is Direction.UP and not seen.refusals:
            self._acquaint(seen)
            unknown = any(e.relation == UNKNOWN_RELATION for e in effects.effects)
            revision = unit.revision is not None
            if self.remembers and parsed.kind in CHANGES:
                self.touched.update(words_in(parsed.tree))
            follow(unit.structure, parsed, unit.version, unknown=unknown, renders=revision)
        if parsed.kind == "TransactionStmt":
            match parsed.tree.get("kind"):
                case "TRANS_STMT_BEGIN" | "TRANS_STMT_START":
                    self._begin()
                case "TRANS_STMT_COMMIT" | "TRANS_STMT_ROLLBACK" | "TRANS_STMT_PREPARE":
                    self._end()
        elif unit.transaction:
            for effect in effects.effects:
                if effect.blocks and effect.relation not in unit.made:
                    held = unit.held.get(effect.relation)
                    if held is None or held[0].strength < effect.mode.strength:
                        unit.held[effect.relation] = (effect.mode, done)

    def _acquaint(self, seen: Seen) -> None:
        """Lets the structure have a table that nobody described, for what is done to it here."""
        if seen.kind in ("AlterTableStmt", "IndexStmt") and not self.unit.complete:
            name = seen.structure.resolve(parts_of(seen.tree.get("relation") or {}))
            if name not in seen.structure.relations:
                seen.structure.add(Relation(name, Kind.TABLE, known=False))

    def _begin(self) -> None:
        if not self.unit.transaction:
            self.transactions += 1
            self.unit.transaction = self.transactions

    def _end(self) -> None:
        self.unit.transaction = 0
        self.unit.held.clear()

    def finish(self) -> Iterator[Finding]:
        """What only the whole tells, and the suppressions that suppressed nothing."""
        for rule in self.rules.get(END, ()):
            for hazard in rule.finish(self.unit):
                yield from self._say(rule, hazard, hazard.statement, hazard.line)
        for allowance in (*self.allowances, *self.waiting):
            for rule in self.rules.get(ALLOWANCE, ()):
                for hazard in rule.allowance(allowance):
                    yield from self._say(rule, hazard, None, allowance.line)

    # Giving a Hazard its weight and place

    def _settle(self, line: int, last: int) -> None:
        """Gives the suppressions that wait the lines of the statement that they stand at."""
        for allowance in list(self.waiting):
            if allowance.line > last:
                continue
            if allowance.line > self.last_line:
                allowance.first, allowance.last = min(allowance.line, line), last
            self.waiting.remove(allowance)
            self.allowances.append(allowance)

    def _say(
        self,
        rule: Rule,
        hazard: Hazard,
        index: int | None,
        line: int | None,
        column: int | None = None,
    ) -> Iterator[Finding]:
        severity = hazard.severity or rule.SEVERITY
        message = hazard.message
        if hazard.sized and hazard.relation is not None:
            severity, size = self._weigh(hazard.relation, severity)
            message += size
        line = hazard.line if hazard.line is not None else line
        for allowance in (*self.allowances, *self.waiting):
            if allowance.covers(rule.CODE, line):
                allowance.used.add(rule.CODE)
                return
        yield Finding(
            rule.CODE,
            rule.NAME,
            message,
            hazard.remedy,
            severity,
            statement=hazard.statement if hazard.statement is not None else index,
            relation=hazard.relation,
            file=hazard.file or self.unit.file,
            line=line,
            column=hazard.column or column,
        )

    def _weigh(self, relation: str, severity: Severity) -> tuple[Severity, str]:
        """How bad it is for a relation as large and as busy as the target has it, and its size."""
        target = self.unit.target
        if target is None:
            return severity, ""
        found = target.relation(relation)
        if found is None:
            return Severity.INFO, ", which the target does not have"
        rows = f"{found.rows:,} rows"
        if not self.unit.large(relation):
            if found.rows == 0 or not self.unit.busy(relation):
                return Severity.INFO, f" ({rows})"
            return Severity.WARNING, f" ({rows}, and in use)"
        return severity, f" ({rows})"


def _made(seen: Seen) -> Iterator[str]:
    """The relations that a statement makes, or gives a new name that were made before."""
    tree, structure = seen.tree, seen.structure
    match seen.kind:
        case "CreateStmt" | "CreateForeignTableStmt":
            tree = tree.get("base", tree) if seen.kind == "CreateForeignTableStmt" else tree
            yield from _new(seen, tree.get("relation"))
        case "CreateTableAsStmt":
            yield from _new(seen, tree.get("into", {}).get("rel"))
        case "SelectStmt" if "intoClause" in tree:
            yield from _new(seen, tree["intoClause"].get("rel"))
        case "CreateSeqStmt":
            yield from _new(seen, tree.get("sequence"))
        case "RenameStmt" if tree.get("renameType") in _RENAMED and "relation" in tree:
            if seen.table in seen.unit.made:
                yield spelled((structure.resolve(parts_of(tree["relation"]))[0], tree["newname"]))
        case "AlterObjectSchemaStmt" if "relation" in tree and seen.table in seen.unit.made:
            yield spelled((tree["newschema"], tree["relation"]["relname"]))


def _note(seen: Seen) -> None:
    """Writes down what a statement makes, and which of that it fills."""
    unit = seen.unit
    unit.made.update(_made(seen))
    fills = seen.kind == "InsertStmt" or (seen.kind == "CopyStmt" and seen.tree.get("is_from"))
    if fills and seen.table in unit.made:
        unit.filled.add(seen.table)
    if seen.kind == "CreateSchemaStmt":
        seen.unit.note("schemas made")[seen.tree.get("schemaname", "")] = True
    elif seen.kind == "AlterTableStmt":
        for node in seen.tree.get("cmds", ()):
            action = node["AlterTableCmd"]
            if action["subtype"] == "AT_AddColumn":
                column = action["def"]["ColumnDef"].get("colname")
                seen.unit.note("columns made")[seen.table, column] = True


_RENAMED = ("OBJECT_TABLE", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE", "OBJECT_SEQUENCE")


def _new(seen: Seen, range_var: Tree | None) -> Iterator[str]:
    if range_var is None:
        return
    if range_var.get("relpersistence") == "t":
        yield spelled(("pg_temp", range_var.get("relname", "")))
        return
    name = seen.structure.resolve(parts_of(range_var))
    if name not in seen.structure.relations:  # IF NOT EXISTS makes nothing of what is there
        yield spelled(name)
