"""How the rules are asked of SQL files and of revisions, whoever wants to know.

Which files and revisions those are is `lint.py`'s, `check.py`'s and `preview.py`'s to say.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from lockgate.core.effects import Structure
from lockgate.core.finding import Finding
from lockgate.core.linter import Answer, Rules, UnitLinter, by_subject
from lockgate.core.progress import Progress
from lockgate.core.revision_source import RevisionSource
from lockgate.core.rule import Family, Rule, Unit
from lockgate.core.script import read_script
from lockgate.core.sql.trees import parse
from lockgate.core.statement import Direction
from lockgate.core.target import TargetStatistics
from lockgate.errors import ExitStatus, LockgateError
from lockgate.rules import rules
from lockgate.workflows.existing import NEWEST
from lockgate.workflows.sql_files import opened, shown_path, uncollected


@dataclass(eq=False)
class RuleUnknown(LockgateError):
    """--select or --ignore names no rule."""

    given: str

    code: ClassVar[str] = "LG-LINT-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What was given."""
        return f'"{self.given}" is the code or name of no rule'

    @property
    def hint(self) -> str:
        """Where they are listed."""
        return "look in docs/rules/README.md, or give a code such as LG001"


@dataclass(eq=False)
class FileUnreadable(LockgateError):
    """A file to be linted that cannot be opened."""

    path: str
    reason: str

    code: ClassVar[str] = "LG-LINT-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which and why."""
        return f'"{self.path}" cannot be read: {self.reason}'

    @property
    def hint(self) -> str:
        """What is accepted."""
        return "give a .sql file, a folder of them, - for standard input, or a revision"


@dataclass(frozen=True)
class Surroundings:
    """What a change is linted in.

    `structure` is what exists before it; `complete` whether that is all there is. `version` is
    PostgreSQL's major. `one_transaction` takes a file to run in one, as `psql -1` runs it.
    """

    version: int = NEWEST
    structure: Structure = field(default_factory=Structure)
    complete: bool = False
    target: TargetStatistics | None = None
    one_transaction: bool = False


@dataclass(frozen=True, slots=True)
class RevisionToLint:
    """One Revision: its text, and what it would send each way, each with its line.

    It is `apart` where it does not come right after what is known, or was not read whole:
    something was left out before it, it ran already, it stopped, it is for several databases.
    `doubts` are the words of one that reads rows, which may do more to what they name.
    """

    source: RevisionSource
    up: tuple[tuple[str, int, bool], ...]
    down: tuple[tuple[str, int, bool], ...] = ()
    apart: bool = False
    doubts: frozenset[str] = frozenset()

    def doubt(self, structure: Structure) -> None:
        """Casts doubt on what this may have done unseen."""
        structure.certainty.doubt(*self.doubts)
        if self.apart:
            structure.certainty.doubt_everything()


def choose_rules(
    *, style: bool = False, select: Collection[str] = (), ignore: Collection[str] = ()
) -> tuple[Rule, ...]:
    """The rules to ask: all but style, or those of `select`; without those of `ignore`.

    Each is named by its code or its name. Raises RuleUnknown.
    """
    every = rules()
    known = {word for rule in every for word in (rule.CODE, rule.NAME)}
    for given in (*select, *ignore):
        if given not in known:
            raise RuleUnknown(given)
    return tuple(
        rule
        for rule in every
        if not {rule.CODE, rule.NAME} & set(ignore)
        and (
            bool({rule.CODE, rule.NAME} & set(select))
            if select
            else style or rule.FAMILY is not Family.STYLE
        )
    )


def lint_files(
    paths: Iterable[str], chosen: Collection[Rule], around: Surroundings, progress: Progress
) -> Iterator[Answer]:
    """Statements and Findings of SQL files, in their order. Raises SqlFileUnreadable."""
    asked = _way(by_subject(chosen), Direction.UP)
    every = list(paths)
    index = 0
    run_notes: dict[Any, Any] = {}  # Any: as a Unit has them
    with uncollected():
        for path in every:
            unit = Unit(
                around.structure,
                around.version,
                file=shown_path(path),
                target=around.target,
                whole_transaction=around.one_transaction,
                complete=around.complete,
                run_notes=run_notes,
                last=path == every[-1],
            )
            linter = UnitLinter(asked, unit, first_index=index, remembers=not unit.last)
            with opened(path, progress) as source:
                yield from linter.script(read_script(source))
            index = linter.index
            # Whether files that are linted together are run together nobody knows.
            around.structure.certainty.doubt(*linter.touched)


def lint_revisions(
    revisions: Iterable[RevisionToLint], chosen: Collection[Rule], around: Surroundings
) -> Iterator[Answer]:
    """Statements of the upgrades, and Findings of both ways, oldest Revision first."""
    subjects = by_subject(chosen)
    up, down = _way(subjects, Direction.UP), _way(subjects, Direction.DOWN)
    every = list(revisions)
    index = 0
    run_notes: dict[Any, Any] = {}  # Any: as a Unit has them
    with uncollected():
        for revision in every:
            unit = _unit(around, revision, Direction.UP)
            unit.run_notes, unit.last = run_notes, revision is every[-1]
            revision.doubt(around.structure)
            linter = UnitLinter(up, unit, first_index=index)
            yield from linter.source(revision.source)
            yield from _statements(linter, revision.up)
            revision.doubt(around.structure)
            index = linter.index
            back = _unit(around, revision, Direction.DOWN)
            back.worked_up = unit.worked
            way_back = UnitLinter(down, back)
            way_back.allowances = linter.allowances
            for answer in _statements(way_back, revision.down):
                if isinstance(answer, Finding):
                    yield replace(answer, statement=None)
            # Last, for a suppression may have waited for the way back.
            yield from linter.finish()


def _unit(around: Surroundings, revision: RevisionToLint, direction: Direction) -> Unit:
    return Unit(
        around.structure,
        around.version,
        revision=revision.source.revision,
        direction=direction,
        file=revision.source.file,
        target=around.target,
        whole_transaction=True,
        complete=around.complete,
    )


def _statements(
    linter: UnitLinter, statements: Iterable[tuple[str, int, bool]]
) -> Iterator[Answer]:
    for sql, line, transactional in statements:
        for parsed in parse(sql):
            yield from linter.statement(parsed, line, transactional=transactional)


def _way(subjects: Rules, direction: Direction) -> Rules:
    """The rules of one way; whatever else the way back does, the upgrade was told of."""
    back = direction is Direction.DOWN
    return {
        word: tuple(r for r in found if (r.FAMILY is Family.WAY_BACK) is back or word == "source")
        for word, found in subjects.items()
    }


def read_source(
    revision: str, file: str, text: bytes, *, irreversible: str | None = None
) -> RevisionSource:
    """The Python of a revision file as rules read it."""
    decoded = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", errors="replace").read()
    return RevisionSource(revision, file, decoded, ast.parse(text), irreversible)
