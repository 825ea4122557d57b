"""`lockgate lint`: what the rules say of SQL files, and of revisions without running them.

A revision is linted in the structure that the revisions before it make, or, with an Environment or
a schema file, in that one. Nothing is executed and no scratch server is started.
"""

from __future__ import annotations

import ast
import gc
import io
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from lockgate.core.effects import Structure
from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import Answer, Rules, UnitLinter, by_subject
from lockgate.core.revision_source import RevisionSource
from lockgate.core.rule import Family, Rule, Unit
from lockgate.core.script import read_script
from lockgate.core.sql.trees import parse
from lockgate.core.statement import Direction
from lockgate.core.target import TargetStatistics
from lockgate.errors import ExitStatus, LockgateError
from lockgate.rules import rules

if TYPE_CHECKING:
    from lockgate.workflows.workspace import Workspace

NEWEST = 18


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


@dataclass(eq=False)
class MixedUp(LockgateError):
    """SQL files and revisions in one command."""

    file: str
    revision: str

    code: ClassVar[str] = "LG-LINT-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """One of each."""
        return f'"{self.file}" is SQL and "{self.revision}" a revision'

    @property
    def hint(self) -> str:
        """What to do."""
        return "run `lockgate lint` once for the files and once for the revisions"


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked to have linted, and by which rules."""

    what: tuple[str, ...] = ()
    since: str | None = None
    environment: str | None = None
    schema: Path | None = None
    version: int | None = None
    one_transaction: bool = False
    style: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """A rule as reports name it."""

    code: str
    name: str
    summary: str
    page: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Linted:
    """What lint answers, as it goes on, and what it was asked with."""

    version: int
    rules: tuple[RuleSummary, ...]
    answers: Iterator[Answer]


def run(request: Request, open_workspace: Callable[[], Workspace]) -> Linted:
    """Lints what `request` says. The workspace is only opened where something needs it."""
    chosen = choose_rules(style=request.style, select=request.select, ignore=request.ignore)
    files, ranges = _sorted_out(request.what)
    around = _surroundings(request, open_workspace)
    if files and (ranges or request.since is not None):
        raise MixedUp(files[0], (*ranges, request.since or "")[0])
    if files:
        answers = lint_files(files, chosen, around)
    else:
        answers = _revisions(request, ranges, open_workspace(), chosen, around)
    return Linted(around.version, tuple(summarise(rule) for rule in chosen), answers)


def _sorted_out(what: Iterable[str]) -> tuple[list[str], list[str]]:
    """The SQL files that the arguments mean, and the other arguments."""
    files: list[str] = []
    ranges: list[str] = []
    for given in what:
        path = Path(given)
        if path.is_dir():
            files += sql_files(path)
        elif (
            given == "-"
            or path.suffix.lower() == ".sql"
            or (path.is_file() and path.suffix != ".py")
        ):
            files.append(given)
        else:
            ranges.append(given)
    return files, ranges


def _surroundings(request: Request, open_workspace: Callable[[], Workspace]) -> Surroundings:
    from lockgate.workflows import explain

    structure, version, target = Structure(), NEWEST, None
    if request.environment is not None:
        structure, version, target = read_target(open_workspace(), request.environment)
    elif request.schema is not None:
        structure = explain.structure_of_file(request.schema)
    return Surroundings(
        request.version or version,
        structure,
        complete=request.environment is not None or request.schema is not None,
        target=target,
        one_transaction=request.one_transaction,
    )


def read_target(
    workspace: Workspace, environment: str
) -> tuple[Structure, int, TargetStatistics | None]:
    """Structure, major and sizes of a database."""
    from lockgate.postgres.connect import connect_unchecked
    from lockgate.postgres.statistics import read_statistics
    from lockgate.workflows import explain
    from lockgate.workflows.destination import find_readable

    structure, version = explain.structure_of_environment(workspace, environment)
    destination = find_readable(workspace, environment)
    with connect_unchecked(destination.primary, purpose="lint") as (connection, _, __):
        target = read_statistics(connection)
    return structure, version, target


def _revisions(
    request: Request,
    ranges: list[str],
    workspace: Workspace,
    chosen: Collection[Rule],
    around: Surroundings,
) -> Iterator[Answer]:
    from lockgate.workflows import lint_revisions as revisions

    heads = revisions.heads_of(workspace, request.environment)
    if request.since is not None:
        asked = revisions.added_since(workspace, request.since)
        if ranges:
            named = {text.revision for text in revisions.find_revisions(workspace, ranges, heads)}
            asked = tuple(text for text in asked if text.revision in named)
    else:
        asked = revisions.find_revisions(workspace, ranges, heads)
    described = request.environment is not None or request.schema is not None
    found = revisions.read_revisions(workspace, asked, None if described else around.structure)
    return lint_revisions(found, chosen, around)


def summarise(rule: Rule) -> RuleSummary:
    """A rule with the first sentence of its page."""
    page = (rule.__doc__ or "").strip()
    return RuleSummary(rule.CODE, rule.NAME, page.partition("\n")[0], page, rule.SEVERITY)


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
    """One Revision: its text, and what it would send each way, each with its line."""

    source: RevisionSource
    up: tuple[tuple[str, int, bool], ...]
    down: tuple[tuple[str, int, bool], ...] = ()


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


def sql_files(folder: Path) -> list[str]:
    """The SQL files of a folder, sorted. Raises FileUnreadable if it has none."""
    found = [str(path) for path in sorted(folder.rglob("*.sql"))]
    if not found:
        raise FileUnreadable(str(folder), "the folder holds no .sql file")
    return found


def lint_files(
    paths: Iterable[str], chosen: Collection[Rule], around: Surroundings
) -> Iterator[Answer]:
    """Statements and Findings of SQL files, in their order. Raises FileUnreadable."""
    asked = _way(by_subject(chosen), Direction.UP)
    every = list(paths)
    index = 0
    run_notes: dict[Any, Any] = {}  # Any: as a Unit has them
    with uncollected():
        for path in every:
            unit = Unit(
                around.structure,
                around.version,
                file="<stdin>" if path == "-" else path,
                target=around.target,
                whole_transaction=around.one_transaction,
                complete=around.complete,
                run_notes=run_notes,
                last=path == every[-1],
            )
            linter = UnitLinter(asked, unit, first_index=index)
            with opened(path) as stream:
                yield from linter.script(read_script(stream))
            index = linter.index


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
            linter = UnitLinter(up, unit, first_index=index)
            yield from linter.source(revision.source)
            yield from _statements(linter, revision.up)
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


class Tally:
    """Whether a Finding as severe as a threshold went by."""

    def __init__(self, threshold: Severity) -> None:
        order = (Severity.INFO, Severity.WARNING, Severity.ERROR)
        self.severe = frozenset(order[order.index(threshold) :])
        self.reached = False

    def counting(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """The same answers."""
        for answer in answers:
            if isinstance(answer, Finding) and answer.severity in self.severe:
                self.reached = True
            yield answer


def opened(
    path: str, stdin: Callable[[], BinaryIO] | None = None
) -> AbstractContextManager[BinaryIO]:
    """The bytes of a file, or of standard input. Raises FileUnreadable."""
    if path == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise FileUnreadable(path, error.strerror or "it is no file") from error


def read_source(
    revision: str, file: str, text: bytes, *, irreversible: str | None = None
) -> RevisionSource:
    """The Python of a revision file as rules read it."""
    decoded = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", errors="replace").read()
    return RevisionSource(revision, file, decoded, ast.parse(text), irreversible)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without Python's collector, which would walk each statement's tree several times."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
