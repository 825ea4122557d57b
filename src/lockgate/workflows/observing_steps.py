"""Sees what each statement of a revision does on scratch, on the very connection that sends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from lockgate.core.agreement import agree
from lockgate.core.effect import StatementEffects, Transactional
from lockgate.core.effects import Structure, apply, predict
from lockgate.core.preview import PreviewedStatement
from lockgate.core.sql.trees import parse, parse_one
from lockgate.core.statement import Statement
from lockgate.core.url import DatabaseUrl
from lockgate.migrations.driver import DbapiConnection, Session
from lockgate.postgres.literal import with_literals
from lockgate.postgres.observe import Gate, Passed, Seen, Witness, manner_of, open_gate
from lockgate.postgres.observe.hearing import listen, speak_up
from lockgate.postgres.observe.said import Said, read_messages
from lockgate.postgres.observe.work import ALTER_TABLE, REINDEX, TRUNCATE
from lockgate.workflows.scratch import StepCollector


class ObservingCollector(StepCollector):
    """Keeps the Steps of runs, and what was seen of each statement that was sent.

    A context: at its end nothing is watched any more, also after a statement that failed.
    """

    def __init__(self, urls: Mapping[str, DatabaseUrl]) -> None:
        super().__init__()
        self.urls = urls
        self.seen: dict[tuple[int, int], Seen] = {}
        self.sessions: dict[int, _Watched] = {}
        self.gates: dict[str, Gate] = {}
        self.open = ExitStack()
        self.watching = ExitStack()
        self.passed: Passed = {}

    def __enter__(self) -> ObservingCollector:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stops watching and closes the sessions beside."""
        self.watching.close()
        self.open.close()

    def statement_begins(self, statement: Statement, session: Session) -> None:
        """Notes what the session holds, or watches it from outside where it commits by itself.

        DDL that is sent outside a transaction and might stand in one gets one, unseen by the team.
        """
        self.watching.close()  # left open by a statement that failed
        watched = self._watched(session)
        watched.undo()
        watched.ear.heard()
        if not statement.transactional and _may_stand_in_transaction(statement):
            watched.begin()
        if statement.transactional or watched.in_own_transaction:
            watched.witness.before()
            return
        ((pid,),) = watched.witness.ask("SELECT pg_catalog.pg_backend_pid()")
        parsed = parse_one(statement.sql)
        manner = manner_of(parsed)
        watched.witness.ask(speak_up(manner.messages))
        likely = [e.relation for e in predict(parsed, Structure.empty(), 18).effects]
        watching = self._gate().watching(int(pid), manner, likely=likely)
        self.passed = self.watching.enter_context(watching)

    def statement_done(self, statement: Statement, session: Session) -> None:
        """Keeps what was seen."""
        self.watching.close()
        watched = self._watched(session)
        kinds = [one.kind for one in parse(statement.sql)]
        tag = _TAGS.get(kinds[0], "") if len(kinds) == 1 else ""
        place = len(self.steps) - 1, len(self.steps[-1].statements) - 1
        if statement.transactional or watched.in_own_transaction:
            self.seen[place] = watched.witness.after(said=watched.said(), tag=tag)
            watched.commit()
        elif self._gate().sees_all:  # half of it would pass for a mistake in the prediction
            self.seen[place] = watched.witness.passed(self.passed, said=watched.said(), tag=tag)
        if {"VariableSetStmt", "VacuumStmt"} & set(kinds):
            # A dump begins with SET client_min_messages = warning; of VACUUM more is heard.
            watched.witness.ask(speak_up())

    def rolled_back(self, session: Session) -> None:
        """What the session did is undone, so what is known of files is not so any more."""
        for watched in self.sessions.values():
            watched.forget()

    def _watched(self, session: Session) -> _Watched:
        key = id(session.connection)
        if key not in self.sessions:
            self.sessions[key] = _Watched(session.connection)
        return self.sessions[key]

    def _gate(self) -> Gate:
        part = self.steps[-1].part
        if part not in self.gates:
            self.gates[part] = self.open.enter_context(open_gate(self.urls[part]))
        return self.gates[part]


_DDL = frozenset(
    "AlterDomainStmt AlterEnumStmt AlterObjectSchemaStmt AlterOwnerStmt AlterTableStmt"  # noqa: SIM905
    " CommentStmt CreatePolicyStmt CreateStmt CreateTrigStmt DropStmt IndexStmt RefreshMatViewStmt"
    " RenameStmt RuleStmt TruncateStmt ViewStmt".split()
)
"""Statements of which the text alone tells whether they commit by themselves."""


def _may_stand_in_transaction(statement: Statement) -> bool:
    """Whether nothing changes for a statement in autocommit mode that is put into a transaction."""
    nothing = Structure.empty()
    return all(
        parsed.kind in _DDL and predict(parsed, nothing, 18).transaction is Transactional.ALLOWED
        for parsed in parse(statement.sql)
    )


_TAGS = {"TruncateStmt": TRUNCATE, "AlterTableStmt": ALTER_TABLE, "ReindexStmt": REINDEX}


class _Watched:
    """A connection of the team's, and who looks and listens there."""

    def __init__(self, connection: DbapiConnection) -> None:
        self.connection = connection  # kept, so that no other gets its id
        self.ear = listen(connection)
        self.known: Witness | None = None
        self.in_own_transaction = False

    def begin(self) -> None:
        """Opens a transaction for one statement, so that its locks are there when it has ended."""
        _send(self.connection, "BEGIN")
        self.in_own_transaction = True

    def commit(self) -> None:
        """Ends the transaction that `begin` opened, if it did."""
        if self.in_own_transaction:
            self.in_own_transaction = False
            _send(self.connection, "COMMIT")

    def undo(self) -> None:
        """Ends it after a statement that failed."""
        if self.in_own_transaction:
            self.in_own_transaction = False
            _send(self.connection, "ROLLBACK")
            self.forget()

    @property
    def witness(self) -> Witness:
        """Who looks, from now on if nobody did."""
        if self.known is None:
            self.known = Witness(lambda sql: _rows(self.connection, sql))
            self.known.ask(speak_up())
        return self.known

    def forget(self) -> None:
        """Lets go of what is not so any more, without a word to the server."""
        self.known = None

    def said(self) -> Said | None:
        """What the server said of the statement that just ran."""
        heard = self.ear.heard()
        return None if heard is None else read_messages(heard)


def _send(connection: DbapiConnection, sql: str) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
    finally:
        cursor.close()


def _rows(connection: DbapiConnection, sql: str) -> Sequence[Sequence[Any]]:
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
        return rows
    finally:
        cursor.close()


def observed_statements(
    collector: ObservingCollector, structures: Mapping[str, Structure], version: int
) -> tuple[PreviewedStatement, ...]:
    """The statements of the Steps that `collector` kept, Alembic's own apart, with their Effects.

    `structures` are what was there before, by part; they are changed as the statements do.
    """
    found = []
    for step, kept in enumerate(collector.steps):
        for index, statement in enumerate(kept.statements):
            if statement.bookkeeping:
                continue
            seen = collector.seen.get((step, index))
            sql = with_literals(statement.sql, statement.parameters)
            shown = PreviewedStatement(statement, sql, part=kept.part)
            found.append(with_prediction(shown, seen, structures[kept.part], version))
    return tuple(found)


def with_prediction(
    previewed: PreviewedStatement, seen: Seen | None, structure: Structure, version: int
) -> PreviewedStatement:
    """`previewed` with its Effects by prediction and observation; applies it to `structure`."""
    effects: list[StatementEffects] = []
    kind = ""
    for parsed in parse(previewed.sql):
        kind = parsed.kind
        effects.append(predict(parsed, structure, version))
        apply(structure, parsed)
    if len(effects) != 1:
        return replace(previewed, effects=StatementEffects(seen.effects) if seen else None)
    (predicted,) = effects
    if seen is None:
        return replace(previewed, effects=predicted)
    transaction = Transactional.ALLOWED
    if not previewed.statement.transactional:
        transaction = predicted.transaction
    both = agree(predicted, StatementEffects(seen.effects, transaction), seen.hidden, kind=kind)
    said = (*both.disagreements, *seen.contradictions)
    return replace(previewed, effects=both.statement, disagreements=said)
