"""Which Revisions there are and how they hang together, with Alembic's answers and 5,000 files.

Answers with Alembic's own ScriptDirectory, so that all of its ranges (`+1`, `-1`, `label@head`,
partial ids, `A:B`) work as a team knows them; only its files are read without being run. All
that lockgate relies on inside Alembic's `script` package stands here and in `revision_files.py`.
Leaves running a Revision to `driver.py` and text to `core/revisions.py`.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Sequence
from configparser import Error as ConfigParserError
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, ClassVar

from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import CycleDetected, RevisionError, RevisionMap
from alembic.util import CommandError

from lockgate.core.revisions import BranchPoint, RevisionFile, RevisionSummary
from lockgate.core.syntax import syntax_hash
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.revision_files import (
    RevisionFileUnreadable,
    read_as_alembic,
    read_script,
)


@dataclass(eq=False)
class ScriptDirectoryUnusable(LockgateError):
    """Alembic settings that do not lead to a script directory."""

    reason: str

    code: ClassVar[str] = "LG-REV-5"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What the settings lack."""
        return f"the Alembic script directory cannot be opened: {self.reason}"

    @property
    def hint(self) -> str:
        """Where the setting is."""
        return "correct `script_location` in alembic.ini or pyproject.toml, or run `lockgate init`"


@dataclass(eq=False)
class RevisionDuplicated(LockgateError):
    """Two files that both say they are the same Revision."""

    revision: str
    paths: tuple[str, str]

    code: ClassVar[str] = "LG-REV-6"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The id and both files."""
        first, second = self.paths
        return f'revision "{self.revision}" stands in two files: "{first}" and "{second}"'

    @property
    def hint(self) -> str:
        """What to do with the copy."""
        return "delete the copy, or give it a `revision` of its own"


@dataclass(eq=False)
class ParentMissing(LockgateError):
    """A Revision that names another, of which there is no file."""

    revision: str
    name: str
    missing: str
    path: str

    code: ClassVar[str] = "LG-REV-7"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Who names whom, and where."""
        return (
            f'revision "{self.revision}" names "{self.missing}" as its {self.name}, '
            f'and no file has that revision ("{self.path}")'
        )

    @property
    def hint(self) -> str:
        """Where lost files are found."""
        return f"restore the file of {self.missing} from git, or correct `{self.name}`"


@dataclass(eq=False)
class RevisionsInCycle(LockgateError):
    """Revisions of which each comes before the next and the last before the first."""

    revisions: tuple[str, ...]

    code: ClassVar[str] = "LG-REV-8"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The round, from its smallest id on."""
        circle = " -> ".join((*self.revisions, self.revisions[0]))
        return f'the revisions go round in a circle: "{circle}"'

    @property
    def hint(self) -> str:
        """Where the circle is broken."""
        return "correct `down_revision` or `depends_on` in one of these files"


@dataclass(eq=False)
class RevisionsContradict(LockgateError):
    """Revisions that Alembic refuses together for another reason, such as one label used twice."""

    reason: str

    code: ClassVar[str] = "LG-REV-9"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What Alembic says."""
        return f"the revisions contradict each other: {self.reason}"

    @property
    def hint(self) -> str:
        """Which lines to look at."""
        return "correct `branch_labels`, `down_revision` or `depends_on` in the files named"


@dataclass(eq=False)
class RevisionUnresolved(LockgateError):
    """A revision or range that names nothing, too much, or no path through the Revisions."""

    asked: str
    reason: str

    code: ClassVar[str] = "LG-REV-10"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What was asked and what Alembic says to it."""
        return f'"{self.asked}" does not resolve: {self.reason}'

    @property
    def hint(self) -> str:
        """How to see what there is."""
        return "run `lockgate history` to see the revisions and `lockgate heads` to see the heads"


@dataclass(eq=False)
class RevisionLost(LockgateError):
    """A database records a Revision that no file has."""

    revision: str

    code: ClassVar[str] = "LG-REV-11"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Which Revision it records."""
        return (
            f'the database records revision "{self.revision}", and no file here has it: '
            "this checkout is older or of another branch, or the file is lost"
        )

    @property
    def hint(self) -> str:
        """Who finds out which of these it is."""
        return (
            "run `lockgate doctor ENV`: it looks for the file in git, "
            "and for the revision that the structure is really at"
        )


def open_script_directory(config: Config) -> ScriptDirectory:
    """The script directory that `config` names, its Revisions read and checked.

    A file's code runs when its Script's `module.upgrade` or `module.downgrade` is first asked
    for, and at once only where the text does not settle its ids, or with `sourceless`.

    Raises ScriptDirectoryUnusable, RevisionDuplicated, ParentMissing, RevisionsInCycle,
    RevisionsContradict, and what `read_script` raises.
    """
    try:
        directory = ScriptDirectory.from_config(config)
    except (CommandError, ImportError) as error:
        raise ScriptDirectoryUnusable(_sentence(error)) from error
    except ConfigParserError as error:
        # The parser quotes the line it stopped at, which may be the one with the URL.
        reason = f'"{config.config_file_name}" is not valid ({type(error).__name__})'
        raise ScriptDirectoryUnusable(reason) from None
    # A relative one is good only while this is the working folder.
    directory.dir = str(Path(directory.dir).absolute())
    with _collector_paused():
        scripts = _read_scripts(directory)
        _check_unique(scripts)
        _check_parents(scripts)
        ordered = _line_up(scripts)
        directory.revision_map = LinearRevisionMap(lambda: ordered)
        try:
            directory.get_heads()
        except CycleDetected:
            raise RevisionsInCycle(_find_cycle(scripts)) from None
        except RevisionError as error:
            raise RevisionsContradict(str(error)) from error
    return directory


def version_locations(directory: ScriptDirectory) -> tuple[Path, ...]:
    """The folders of the revision files."""
    return tuple(Path(location).resolve() for location in directory._version_locations)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Spares the garbage collector 5,000 Scripts that all stay, which saves 0.08 s."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class LinearRevisionMap(RevisionMap):
    """Alembic's map of Revisions, with `current` in linear time."""

    def _filter_into_branch_heads(self, targets: Iterable[Any]) -> set[Any]:
        """`targets` without those that have a descendant among them.

        Alembic walks all descendants of each target; with 5,000 targets in a line that takes
        7 s. Any: Revisions here, for whom Alembic's annotation also allows "base" and None.
        """
        kept = set(targets)
        parents = [
            self._revision_map[parent]
            for target in kept
            for parent in target._versioned_down_revisions
        ]
        return kept.difference(self._get_ancestor_nodes(parents, include_dependencies=False))


def _read_scripts(directory: ScriptDirectory) -> tuple[Script, ...]:
    """Every Script of the version locations, in the order in which Alembic lists them."""
    scripts: dict[str, Script | None] = {}
    for location in directory._version_locations:
        if not location.exists():
            continue
        for path in _list_files(directory, os.path.realpath(location)):
            # Two locations may overlap; Alembic warns, but nothing is wrong with the files.
            if path not in scripts:
                scripts[path] = (
                    read_as_alembic(directory, path) if directory.sourceless else read_script(path)
                )
    return tuple(script for script in scripts.values() if script is not None)


def _list_files(directory: ScriptDirectory, root: str) -> Iterator[str]:
    """The real path of each revision file under `root`, sorted within each directory."""
    if directory.sourceless:
        # Which of a .py, a .pyc and __pycache__ counts is for Alembic to say.
        for listed in Script._list_py_dir(directory, Path(root)):
            yield os.path.realpath(listed)
        return
    try:
        with os.scandir(root) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise RevisionFileUnreadable(root, None, error.strerror or "no directory") from error
    for entry in entries:
        if _is_revision_file(entry.name) and not entry.is_dir():
            # The path shown is the real one, as with Alembic; only a link has another.
            if not entry.is_symlink():
                yield entry.path
            elif _is_revision_file(os.path.basename(path := os.path.realpath(entry.path))):
                yield path
    if directory.recursive_version_locations:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not entry.name.endswith("__pycache__"):
                yield from _list_files(directory, entry.path)


def _is_revision_file(name: str) -> bool:
    return name.endswith(".py") and not name.startswith((".#", "__init__"))


def _check_unique(scripts: Iterable[Script]) -> None:
    paths: dict[str, str] = {}
    for script in scripts:
        first = paths.setdefault(script.revision, script.path)
        if first != script.path:
            raise RevisionDuplicated(script.revision, (first, script.path))


def _check_parents(scripts: Sequence[Script]) -> None:
    revisions = {script.revision for script in scripts}
    named = revisions.union(*(script.branch_labels for script in scripts if script.branch_labels))
    for script in scripts:
        for parent in script._versioned_down_revisions:
            if parent not in revisions:
                raise ParentMissing(script.revision, "down_revision", parent, script.path)
        for needed in _as_tuple(script.dependencies):
            if needed not in named:
                raise ParentMissing(script.revision, "depends_on", needed, script.path)


def _line_up(scripts: tuple[Script, ...]) -> tuple[Script, ...]:
    """`scripts` from base to head where they are one plain line, else in Alembic's order.

    Alembic takes each parent out of a list of heads, which for 5,000 files in the order of
    their names takes 0.1 s, and none in this order. Where there is more than one head to put
    in order, the order of the files decides, and stays.
    """
    children = {script.down_revision: script for script in scripts}
    if len(children) < len(scripts) or any(script.dependencies for script in scripts):
        return scripts
    line: list[Script] = []
    following = children.get(None)
    while following is not None and len(line) < len(scripts):
        line.append(following)
        following = children.get(following.revision)
    return tuple(line) if len(line) == len(scripts) else scripts


def _find_cycle(scripts: Iterable[Script]) -> tuple[str, ...]:
    """The ids of one circle, each the parent of the next, from the smallest on."""
    try:
        TopologicalSorter({s.revision: s._all_down_revisions for s in scripts}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1][:-1]
        start = circle.index(min(circle))
        return (*circle[start:], *circle[:start])
    return ()


def refuse_lost(directory: ScriptDirectory, recorded: Iterable[str]) -> None:
    """Raises RevisionLost if a Revision that a database records has no file."""
    for revision in recorded:
        try:
            found = directory.get_revision(revision)
        except (CommandError, RevisionError, AssertionError, KeyError, ValueError):
            found = None  # also of what Alembic asserts over, for nobody checks a version table
        if found is None:
            raise RevisionLost(revision) from None


@contextmanager
def resolving(asked: str) -> Iterator[None]:
    """Turns what Alembic raises over a revision or range that a person wrote into one error.

    Raises RevisionUnresolved.
    """
    try:
        yield
    except (CommandError, RevisionError) as error:
        raise RevisionUnresolved(asked, _sentence(error)) from error
    except (AssertionError, KeyError, ValueError) as error:
        # Alembic asserts over a few spellings that mean nothing, such as `label@-1` at base.
        raise RevisionUnresolved(asked, "it means nothing here") from error


def asks_for_current(range_: str | None) -> bool:
    """True where a range says `current`, so that the database must be asked first."""
    return range_ is not None and "current" in range_.strip().split(":")


def history(
    directory: ScriptDirectory, range_: str | None = None, current: tuple[str, ...] = ()
) -> tuple[RevisionSummary, ...]:
    """The Revisions of `range_`, newest first, all of them without a range.

    `range_` is Alembic's `[start]:[end]`, both ends included; `current` holds the ids recorded
    in a database, for the word `current` and for the marks.

    Raises RevisionUnresolved, RevisionLost.
    """
    base, head = _ends(range_)
    refuse_lost(directory, current)
    with resolving(range_ or "heads"):
        scripts = tuple(
            directory.walk_revisions(
                base=(current if base == "current" else base) or "base",  # type: ignore[arg-type]  # a tuple, as Alembic's own command passes it
                head=(current if head == "current" else head) or "heads",  # type: ignore[arg-type]
            )
        )
    return tuple(_summarise(script, current) for script in scripts)


def _ends(range_: str | None) -> tuple[str, str]:
    if range_ is None:
        return "", ""
    base, colon, head = range_.strip().partition(":")
    if not colon or ":" in head:
        raise RevisionUnresolved(range_, "a range is written [start]:[end], [start]: or :[end]")
    return base, head


def heads(
    directory: ScriptDirectory, *, resolve_dependencies: bool = False
) -> tuple[RevisionSummary, ...]:
    """The Revisions without children; without dependants either, with `resolve_dependencies`."""
    with resolving("heads"):
        found = directory.get_revisions("heads" if resolve_dependencies else directory.get_heads())
    return tuple(_summarise(script) for script in found)


def unjoined_heads(directory: ScriptDirectory) -> tuple[str, ...]:
    """The heads, sorted, where there are several and nobody meant them to stay apart.

    Meant are those of which each has a branch label that no other head has, such as `expand` and
    `contract`: `expand@head` names one of them.
    """
    ids = sorted(directory.get_heads())
    with resolving("heads"):
        labels = [set(directory.get_revision(head).branch_labels) for head in ids]
    shared = [set().union(*labels[:at], *labels[at + 1 :]) for at in range(len(labels))]
    apart = all(own - others for own, others in zip(labels, shared, strict=True))
    return () if len(ids) < 2 or apart else tuple(ids)


def current(directory: ScriptDirectory, recorded: tuple[str, ...]) -> tuple[RevisionSummary, ...]:
    """The Revisions a database is at, of the ids recorded in it, sorted by id.

    A Revision that is there only because another depends on it is among them.

    Raises RevisionUnresolved, RevisionLost.
    """
    refuse_lost(directory, recorded)
    with resolving(", ".join(recorded)):
        scripts = directory.get_all_current(recorded)
    found = sorted(scripts, key=lambda script: script.revision)
    return tuple(_summarise(script, tuple(s.revision for s in found)) for script in found)


def is_at_heads(directory: ScriptDirectory, recorded: tuple[str, ...]) -> bool:
    """True where exactly the heads are recorded, as `alembic current --check-heads` has it."""
    return set(recorded) == set(directory.get_heads())


def branches(directory: ScriptDirectory) -> tuple[BranchPoint, ...]:
    """Every Revision with more than one child, newest first."""
    return tuple(
        BranchPoint(
            _summarise(script),
            tuple(_summarise(directory.get_revision(child)) for child in sorted(script.nextrev)),
        )
        for script in directory.walk_revisions()
        if script.is_branch_point
    )


def show(
    directory: ScriptDirectory, asked: str, current: tuple[str, ...] = ()
) -> tuple[RevisionSummary, ...]:
    """The Revisions that `asked` names; `current` stands for the ids recorded in a database.

    Raises RevisionUnresolved.
    """
    with resolving(asked):
        found: Sequence[object] = directory.get_revisions(current if asked == "current" else asked)
    scripts = tuple(script for script in found if isinstance(script, Script))
    # A walk down from the heads may end at "base" or None, whatever Alembic's types say.
    if len(scripts) < len(found):
        raise RevisionUnresolved(asked, "it goes back beyond the first revision")
    return tuple(_summarise(script, current) for script in scripts)


def _summarise(script: Script, current: tuple[str, ...] = ()) -> RevisionSummary:
    doc = script.longdoc
    return RevisionSummary(
        revision=script.revision,
        down_revisions=script._versioned_down_revisions,
        next_revisions=tuple(sorted(script.nextrev)),
        branch_labels=tuple(sorted(script.branch_labels)),
        depends_on=_as_tuple(script.dependencies),
        message=doc.split("\n\n", 1)[0],
        doc=doc,
        path=script.path,
        is_head=script.is_head,
        is_depended_on=script._all_nextrev != script.nextrev,
        is_base=script.is_base,
        is_branch_point=script.is_branch_point,
        is_merge_point=script.is_merge_point,
        is_current=script.revision in current,
        irreversible=irreversible_reason(script),
    )


def irreversible_reason(script: Script) -> str | None:
    """Why the file says that it has no way back (`irreversible = "..."`), or None."""
    said = getattr(script.module, "irreversible", None)
    if said is True:
        return "the file gives no reason"
    return str(said) if said else None


def read_revision_files(directory: ScriptDirectory) -> tuple[RevisionFile, ...]:
    """Every Revision's file as the lock file compares it, newest first.

    Takes about 0.3 ms a file, for the whole syntax tree is read.

    Raises RevisionFileUnreadable.
    """
    return tuple(_read_revision_file(script) for script in directory.walk_revisions())


def _read_revision_file(script: Script) -> RevisionFile:
    with open(script.path, "rb") as file:
        source = file.read()
    try:
        syntax = syntax_hash(source)
    except (SyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        raise RevisionFileUnreadable(script.path, line, str(error)) from None
    return RevisionFile(
        revision=script.revision,
        parent=tuple(sorted(script._versioned_down_revisions)),
        depends_on=tuple(sorted(_as_tuple(script.dependencies))),
        syntax=syntax,
        path=script.path,
    )


def _as_tuple(value: str | Iterable[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _sentence(error: BaseException) -> str:
    """Alembic's own words as the second half of a message."""
    return " ".join(str(error).split()).rstrip(".")
