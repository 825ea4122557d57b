"""Sees what each statement of a revision does on scratch, on the very connection that sends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from lockgate.core.agreement import agree
from lockgate.core.effect import StatementEffects, Transactional
from lockgate.core.effects import Structure, predict
from lockgate.core.preview import PreviewedStatement
from lockgate.core.sql.trees import parse
from lockgate.core.statement import Statement
from lockgate.core.url import DatabaseUrl
from lockgate.migrations.driver import DbapiConnection, Session
from lockgate.postgres.literal import with_literals
from lockgate.postgres.observe import Gate, Passed, Seen, Witness, open_gate
from lockgate.workflows.scratch import StepCollector


class ObservingCollector(StepCollector):
    """Keeps the Steps of runs, and what was seen of each statement that was sent.

    A context: at its end nothing is watched any more, also after a statement that failed.
    """

    def __init__(self, urls: Mapping[str, DatabaseUrl]) -> None:
        super().__init__()
        self.urls = urls
        self.seen: dict[tuple[int, int], Seen] = {}
        self.witnesses: dict[int, tuple[DbapiConnection, Witness]] = {}
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
        """Notes what the session holds, or watches it from outside where it commits by itself."""
        self.watching.close()  # left open by a statement that failed
        witness = self._witness(session)
        if statement.transactional:
            witness.before()
            return
        ((pid,),) = witness.ask("SELECT pg_catalog.pg_backend_pid()")
        self.passed = self.watching.enter_context(self._gate().watching(int(pid)))

    def statement_done(self, statement: Statement, session: Session) -> None:
        """Keeps what was seen."""
        self.watching.close()
        witness = self._witness(session)
        emptied = [one.kind for one in parse(statement.sql)] == ["TruncateStmt"]
        place = len(self.steps) - 1, len(self.steps[-1].statements) - 1
        if statement.transactional:
            self.seen[place] = witness.after(emptied=emptied)
        elif self._gate().sees_all:  # half of it would pass for a mistake in the prediction
            self.seen[place] = witness.passed(self.passed, emptied=emptied)

    def rolled_back(self, session: Session) -> None:
        """What the session did is undone, so what is known of files is not so any more."""
        self.witnesses.clear()

    def _witness(self, session: Session) -> Witness:
        known = self.witnesses.get(id(session.connection))
        if known is None:
            witness = Witness(lambda sql: _rows(session.connection, sql))
            known = self.witnesses[id(session.connection)] = (session.connection, witness)
        return known[1]

    def _gate(self) -> Gate:
        part = self.steps[-1].part
        if part not in self.gates:
            self.gates[part] = self.open.enter_context(open_gate(self.urls[part]))
        return self.gates[part]


def _rows(connection: DbapiConnection, sql: str) -> Sequence[Sequence[Any]]:
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
        return rows
    finally:
        cursor.close()


def observed_statements(
    collector: ObservingCollector, structure: Structure | None, version: int
) -> tuple[PreviewedStatement, ...]:
    """The statements of the Steps that `collector` kept, Alembic's own apart, with their Effects.

    `structure` is what was there before; it is changed as the statements do. None where nothing
    is to be predicted.
    """
    found = []
    for step, kept in enumerate(collector.steps):
        for index, statement in enumerate(kept.statements):
            if statement.bookkeeping:
                continue
            seen = collector.seen.get((step, index))
            shown = PreviewedStatement(
                statement, with_literals(statement.sql, statement.parameters)
            )
            if structure is not None:
                shown = with_prediction(shown, seen, structure, version)
            elif seen is not None:
                shown = replace(shown, effects=StatementEffects(seen.effects))
            found.append(shown)
    return tuple(found)


def with_prediction(
    previewed: PreviewedStatement, seen: Seen | None, structure: Structure, version: int
) -> PreviewedStatement:
    """`previewed` with its Effects by prediction and observation; applies it to `structure`."""
    effects: list[StatementEffects] = []
    for parsed in parse(previewed.sql):
        effects.append(predict(parsed, structure, version))
        structure.apply(parsed)
    if len(effects) != 1:
        return replace(previewed, effects=StatementEffects(seen.effects) if seen else None)
    (predicted,) = effects
    if seen is None:
        return replace(previewed, effects=predicted)
    transaction = Transactional.ALLOWED
    if not previewed.statement.transactional:
        transaction = predicted.transaction
    both = agree(predicted, StatementEffects(seen.effects, transaction), seen.hidden)
    return replace(previewed, effects=both.statement, disagreements=both.disagreements)
