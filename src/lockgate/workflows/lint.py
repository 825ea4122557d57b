"""`lockgate lint`: what the rules say of SQL files, and of revisions without running them.

A revision is linted in the structure that the revisions before it make, or, with an Environment or
a schema file, in that one. Nothing is executed and no scratch server is started.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from lockgate.core.effects import Structure
from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import Answer
from lockgate.core.progress import Progress
from lockgate.core.rule import Rule, RuleEntry, entry_of
from lockgate.errors import ExitStatus, LockgateError
from lockgate.workflows.existing import NEWEST, read_target, structure_of_file
from lockgate.workflows.linting import (
    FileUnreadable,
    Surroundings,
    choose_rules,
    lint_files,
    lint_revisions,
)
from lockgate.workflows.sql_files import refuse_unreadable

if TYPE_CHECKING:
    from lockgate.workflows.workspace import Workspace


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
class Linted:
    """What lint answers, as it goes on, and what it was asked with."""

    version: int
    rules: tuple[RuleEntry, ...]
    answers: Iterator[Answer]


def run(request: Request, open_workspace: Callable[[], Workspace], progress: Progress) -> Linted:
    """Lints what `request` says. The workspace is only opened where something needs it."""
    chosen = choose_rules(style=request.style, select=request.select, ignore=request.ignore)
    files, ranges = _sorted_out(request.what)
    around = _surroundings(request, open_workspace, progress)
    if files and (ranges or request.since is not None):
        raise MixedUp(files[0], (*ranges, request.since or "")[0])
    refuse_unreadable(files)
    if files:
        answers = lint_files(files, chosen, around, progress)
    else:
        answers = _revisions(request, ranges, open_workspace(), chosen, around)
    return Linted(around.version, tuple(entry_of(rule) for rule in chosen), answers)


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


def sql_files(folder: Path) -> list[str]:
    """The SQL files of a folder, sorted. Raises FileUnreadable if it has none."""
    found = [str(path) for path in sorted(folder.rglob("*.sql"))]
    if not found:
        raise FileUnreadable(str(folder), "the folder holds no .sql file")
    return found


def _surroundings(
    request: Request, open_workspace: Callable[[], Workspace], progress: Progress
) -> Surroundings:
    structure, version, target = Structure(), NEWEST, None
    if request.environment is not None:
        structure, version, target = read_target(open_workspace(), request.environment)
    elif request.schema is not None:
        structure = structure_of_file(request.schema, progress)
    return Surroundings(
        request.version or version,
        structure,
        complete=request.environment is not None or request.schema is not None,
        target=target,
        one_transaction=request.one_transaction,
    )


def _revisions(
    request: Request,
    ranges: list[str],
    workspace: Workspace,
    chosen: Collection[Rule],
    around: Surroundings,
) -> Iterator[Answer]:
    from lockgate.workflows import lint_revisions as revisions
    from lockgate.workflows.destination import find_readable

    heads = revisions.heads_of(workspace, request.environment)
    if request.since is not None:
        asked = revisions.added_since(workspace, request.since)
        if ranges:
            named = {text.revision for text in revisions.find_revisions(workspace, ranges, heads)}
            asked = tuple(text for text in asked if text.revision in named)
    else:
        asked = revisions.find_revisions(workspace, ranges, heads)
    place = find_readable(workspace, request.environment) if request.environment else None
    described = request.environment is not None or request.schema is not None
    found = revisions.read_revisions(
        workspace,
        asked,
        None if described else around.structure,
        place,
        None if place is None else heads,
    )
    return lint_revisions(found, chosen, around)


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
