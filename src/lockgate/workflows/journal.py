"""Journals what a revision commits before its end, and goes on from there when it was cut off.

A revision leaves its one transaction by an `autocommit_block`, or by a commit of its own. Each
statement committed so is noted, in order, and the notes go when the revision is recorded. On the
next run, a statement that comes again with the same text and parameters is not sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lockgate.core.ledger import fit_to_be_read
from lockgate.core.outcome import Step
from lockgate.core.statement import Statement
from lockgate.core.syntax import syntax_hash
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.driver import Execute, Session
from lockgate.postgres import journal
from lockgate.postgres.connect import Checked
from lockgate.postgres.journal import JournalRow

END_BACKEND_MS = 10_000


@dataclass(eq=False)
class RevisionUnfinished(LockgateError):
    """Another revision was cut off earlier, and is to be finished first."""

    revision: str
    unfinished: str
    direction: str
    rows: tuple[JournalRow, ...]

    code: ClassVar[str] = "LG-RUN-7"
    exit_status: ClassVar[ExitStatus] = ExitStatus.PART_WAY

    @property
    def message(self) -> str:
        """Both revisions, and what is done already."""
        return (
            f'revision "{self.revision}" cannot run: {self.direction} of "{self.unfinished}" '
            f"stopped part-way on {_when(self.rows)}, {_done(self.rows)}"
        )

    @property
    def hint(self) -> str:
        """Finish, or take it back by hand."""
        return (
            f"run the {self.direction} that leads through {self.unfinished} again; if you finish "
            "it or take it back by hand, say so with `lockgate stamp`"
        )


@dataclass(eq=False)
class RevisionDiffers(LockgateError):
    """A revision that was cut off does not send the statements that it sent then."""

    revision: str
    file: str
    file_changed: bool
    expected: str
    found: str
    rows: tuple[JournalRow, ...]

    code: ClassVar[str] = "LG-RUN-8"
    exit_status: ClassVar[ExitStatus] = ExitStatus.PART_WAY

    @property
    def message(self) -> str:
        """What it did then and does now."""
        changed = f', and "{self.file}" was changed since' if self.file_changed else ""
        return (
            f'revision "{self.revision}" stopped part-way on {_when(self.rows)}{changed}: '
            f'expected "{_shown(self.expected)}" again, got "{_shown(self.found)}"; '
            f"{_done(self.rows)}"
        )

    @property
    def hint(self) -> str:
        """Put the file back, or finish by hand."""
        put_back = f"put {self.file} back as it was and run the same command again, or "
        by_hand = "finish it or take it back by hand and say so with `lockgate stamp`"
        return (put_back if self.file_changed else "") + by_hand


class Journal:
    """The journals of an Environment's databases during one run of `env.py`."""

    def __init__(self, checked: Mapping[str, Checked], *, lock_timeout_ms: int) -> None:
        self.connections = {part: one.connection for part, one in checked.items()}
        self.lock_timeout_ms = lock_timeout_ms
        self.rows: dict[str, tuple[JournalRow, ...]] = {}
        self.left: list[JournalRow] = []
        self.pending: list[tuple[int, Statement]] = []
        self.position = 0
        self.begun = 0
        self.syntax = ""
        self.file_changed = False

    def open(self) -> None:
        """Reads what an earlier run left; makes the journal where there is none yet."""
        for part, connection in self.connections.items():
            journal.ensure_schema(connection)
            self.rows[part] = journal.read_journal(connection)

    def clear(self) -> None:
        """Forgets every unfinished revision."""
        for connection in self.connections.values():
            journal.clear(connection)

    def step_begins(self, step: Step) -> None:
        """Prepares to go on with `step`; raises RevisionUnfinished if another one is open."""
        self.left, self.pending, self.position, self.syntax = [], [], 0, ""
        rows = self.rows[step.part]
        if not rows or step.stamp:
            return
        first = rows[0]
        if (first.revision, first.direction) != (step.revision, step.direction.value):
            raise RevisionUnfinished(step.revision, first.revision, first.direction, rows)
        rows = tuple(row for row in rows if row.done_at or self._took_place(step, row))
        self.rows[step.part] = rows
        self.left = list(rows)
        self.position = 1 + max((row.position for row in rows), default=-1)
        self.file_changed = first.syntax != self._syntax(step)
        step.part_way = bool(rows)

    def statement_begins(self, step: Step, statement: Statement, session: Session) -> str | None:
        """What to send in place of `statement` if it was committed before; notes it if it will be.

        Raises RevisionDiffers.
        """
        if statement.transactional and not self.left:
            if _may_commit(statement.sql):
                from lockgate.core.sql import commits

                if commits(statement.sql):
                    self.committing(step, session)
            return None
        from lockgate.core.sql import Replay, TraceKind, replay, trace

        kind = replay(statement.sql)
        if kind is Replay.AGAIN:
            return None
        if self.left:
            row = self._committed_before(step, statement)
            if kind is Replay.ANSWERS:
                raise self._differs(step, row.sql, "rows that it answered with, which are gone")
            # Answers with as many rows as it touched then, for code that counts them.
            return f"SELECT FROM pg_catalog.generate_series(1, {row.touched or 0})"
        seen = trace(statement.sql)
        self.begun = self.position
        self._note(
            step, statement, session.execute, done=False, within=seen.within if seen else None
        )
        if seen is not None and seen.kind is TraceKind.INDEX_MADE:
            step.part_way = True  # even a failure leaves the index behind, invalid
        return None

    def statement_done(self, step: Step, statement: Statement, session: Session) -> None:
        """Notes that `statement` is done; one in a transaction waits for its commit."""
        if statement.transactional:
            self.pending.append((id(session.connection), statement))
            return
        from lockgate.core.sql import Replay, replay

        if replay(statement.sql) is not Replay.AGAIN:
            key = self._key(step, self.begun) | {"touched": statement.rows}
            session.execute(journal.DONE, key)
            step.part_way = True

    def committing(self, step: Step, session: Session) -> None:
        """Notes what the transaction did so far, in the transaction itself."""
        from lockgate.core.sql import Replay, replay

        own = [s for connection, s in self.pending if connection == id(session.connection)]
        self.rolled_back(session)
        for statement in own:
            if replay(statement.sql) is not Replay.AGAIN:
                self._note(step, statement, session.execute, done=True, within=None)
                step.part_way = True

    def rolled_back(self, session: Session) -> None:
        """Forgets what waited for the transaction's commit."""
        self.pending = [p for p in self.pending if p[0] != id(session.connection)]

    def step_applied(self, step: Step, execute: Execute) -> None:
        """Takes the revision's rows away, in the transaction that records it.

        Raises RevisionDiffers if a changed file left out a statement that was committed before.
        """
        if self.left and self.file_changed:
            raise self._differs(step, self.left[0].sql, "the end of the revision")
        if self.position or self.rows[step.part]:
            execute(journal.CLEAR, {})
            self.rows[step.part] = ()

    def _committed_before(self, step: Step, statement: Statement) -> JournalRow:
        """The row of `statement`; rows before it are of statements that were conditional.

        A revision may look first and then not create again what it finds. Only where its file is
        still the same is that the reason why a statement is missing.
        """
        for at, row in enumerate(self.left):
            if row.digest == _digest(statement):
                del self.left[: at + 1]
                return row
            if self.file_changed:
                break
        raise self._differs(step, self.left[0].sql, fit_to_be_read(statement.sql))

    def _took_place(self, step: Step, row: JournalRow) -> bool:
        """Whether the statement that was being executed when the run was cut off is done.

        Removes the invalid index that it left. What leaves no trace to tell by is sent again.
        """
        from lockgate.core.sql import TraceKind, trace

        connection = self.connections[step.part]
        journal.end_backend(connection, row, timeout_ms=END_BACKEND_MS)
        seen = trace(row.sql)
        done = False
        match seen.kind if seen else None:
            case TraceKind.INDEX_MADE:
                assert seen is not None
                valid = journal.index_is_valid(connection, row.within_schema, seen.name)
                done = valid is True
                if valid is False:
                    journal.drop_index(
                        connection,
                        row.within_schema,
                        seen.name,
                        lock_timeout_ms=self.lock_timeout_ms,
                    )
            case TraceKind.INDEX_DROPPED:
                assert seen is not None
                known = row.within_schema is not None  # it was there when the statement began
                valid = journal.index_is_valid(connection, row.within_schema, seen.name)
                done = known and valid is None
            case TraceKind.VALUE_ADDED:
                assert seen is not None
                done = journal.has_enum_value(
                    connection, row.within_schema, seen.within[-1], seen.name
                )
        journal.settle_row(connection, row, done=done)
        return done

    def _note(
        self,
        step: Step,
        statement: Statement,
        execute: Execute,
        *,
        done: bool,
        within: tuple[str, ...] | None,
    ) -> None:
        quoted = [f'"{name.replace(chr(34), chr(34) * 2)}"' for name in within or ()]
        execute(
            journal.BEGIN,
            self._key(step, self.position)
            | {
                "syntax": self._syntax(step),
                "sql": fit_to_be_read(statement.sql),
                "digest": _digest(statement),
                "touched": statement.rows,
                "within": ".".join(quoted) or None,
                "done": done,
            },
        )
        self.position += 1

    def _key(self, step: Step, position: int) -> dict[str, object]:
        return {
            "revision": step.revision,
            "direction": step.direction.value,
            "position": position,
        }

    def _syntax(self, step: Step) -> str:
        self.syntax = self.syntax or syntax_hash(Path(step.file).read_bytes())
        return self.syntax

    def _differs(self, step: Step, expected: str, found: str) -> RevisionDiffers:
        name = Path(step.file).name
        rows = self.rows[step.part]
        return RevisionDiffers(step.revision, name, self.file_changed, expected, found, rows)


def _may_commit(sql: str) -> bool:
    """False for nearly every statement, and spares it the parser."""
    words = sql.upper()
    return "COMMIT" in words or "END" in words


def _digest(statement: Statement) -> str:
    """What tells statements apart without keeping their parameters, which may be rows of data."""
    return hashlib.sha256(f"{statement.sql}\n{statement.parameters!r}".encode()).hexdigest()


def _when(rows: tuple[JournalRow, ...]) -> str:
    return f"{rows[0].begun_at:%Y-%m-%d at %H:%M}"


def _done(rows: tuple[JournalRow, ...]) -> str:
    done = [f'"{_shown(row.sql)}"' for row in rows if row.done_at]
    return f"done already: {', '.join(done)}" if done else "with nothing done that lasts"


def _shown(sql: str) -> str:
    line = " ".join(sql.split())
    return line if len(line) <= 100 else line[:99] + "…"
