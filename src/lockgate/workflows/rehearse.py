"""`lockgate rehearse`: revisions up, down and up again on scratch, and what is left behind."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from lockgate.core.catalog import Catalog
from lockgate.core.effects import structure_of
from lockgate.core.lockfile import LockedRehearsal, LockedRevision, LockFile
from lockgate.core.preview import PreviewedStatement
from lockgate.core.proof import prove, with_proof
from lockgate.core.rehearsal import Down, Rehearsal, RevisionRehearsal, structural
from lockgate.core.syntax import syntax_hash
from lockgate.errors import LockgateError
from lockgate.migrations import steps
from lockgate.migrations.driver import Observer, RunFailed, RunRecord, VersionTable
from lockgate.migrations.ranges import RevisionText, resolve_range
from lockgate.migrations.revisions import unjoined_heads
from lockgate.postgres.binaries import find_pg_dump
from lockgate.postgres.dump import dump_schema
from lockgate.workflows.catalogs import between, fingerprint
from lockgate.workflows.destination import Destination, find_destination
from lockgate.workflows.filling import MadeUpRows, RowsNeedTarget, rows_like
from lockgate.workflows.forecasting import ForecastBasis, bases_of
from lockgate.workflows.listing import ask
from lockgate.workflows.models import (
    MadeModels,
    ModelsMissing,
    hold_against,
    models_beforehand,
    with_statements,
)
from lockgate.workflows.observing_steps import ObservingCollector, observed_statements
from lockgate.workflows.remembering import remember_statements, scratch_sizes
from lockgate.workflows.scratch import Scratch, ScratchDatabases, open_scratch
from lockgate.workflows.workspace import Workspace

BASE = "base"


@dataclass(frozen=True)
class Start:
    """The state that a rehearsal begins from.

    `heads` are the revisions applied in it. `dumps` hold the structure by part; without them it
    is made by replaying the revisions. `rows` are made up in it once it stands; `bases` are what
    forecasts rest on, by part.
    """

    words: str
    heads: tuple[str, ...] = ()
    dumps: Mapping[str, str] | None = None
    major: int | None = None
    parts: tuple[str, ...] = ("",)
    rows: MadeUpRows | None = None
    bases: Mapping[str, ForecastBasis] = field(default_factory=dict)


def rehearse(
    workspace: Workspace,
    range_: str | None,
    *,
    environment: str | None,
    from_base: bool = False,
    major: int | None = None,
    everything: bool = False,
    rows: float | None = None,
) -> tuple[Rehearsal, LockFile]:
    """Rehearses a range of revisions, and the lock file with what came of it.

    With an Environment (or DATABASE_URL) the range begins at its revision and its structure,
    otherwise at base; without a range it is what is pending there, or what the lock file has not
    seen rehearsed on this major in its present form. `rows` is the share of the Environment's rows
    to make up. The caller decides whether to write the lock file, which also resolves a conflict
    in it.

    Raises RowsNeedTarget, RowsOutOfRange.
    """
    workspace.mend_lock()
    with start_from(workspace, environment, from_base=from_base, rows=rows) as start:
        parts = start.parts
        with open_scratch(workspace, major=major or start.major, parts=parts) as scratch:
            lock = workspace.lock
            asked = resolve_range(workspace.project.directory, range_, start.heads)
            start = begins_at(start, asked)
            if range_ is None and not everything and start.dumps is None:
                asked = not_rehearsed(lock, asked, scratch.major)
            rehearsal = rehearse_range(workspace, scratch, start, asked)
    return rehearsal, locked(workspace, rehearsal, start)


@contextmanager
def start_from(
    workspace: Workspace,
    environment: str | None,
    *,
    from_base: bool,
    rows: float | None = None,
    forecasts: bool = False,
) -> Iterator[Start]:
    """Where a rehearsal begins: at a database that is named, else at base."""
    named = environment is not None or workspace.settings.url_variable in workspace.environ
    if from_base or not named:
        if rows is not None:
            raise RowsNeedTarget()
        yield Start(BASE, parts=workspace.settings.parts)
        return
    destination = find_destination(workspace, environment)
    made_up = None if rows is None else rows_like(destination, rows)
    bases = bases_of(destination, paced=rows is not None) if forecasts else {}
    yield replace(start_of(destination), rows=made_up, bases=bases)


def start_of(destination: Destination) -> Start:
    """The revision and the structure that `destination` is at now, without its rows."""
    record, _ = ask(destination, purpose="rehearse")
    heads = tuple(sorted({head for found in record.heads_before.values() for head in found}))
    with destination.connected(purpose="rehearse") as checked:
        major = next(iter(checked.values())).facts.server_version // 10_000
        dumps = {
            part: dump_schema(
                url,
                pg_dump=find_pg_dump(major),
                version_tables=tuple(
                    (t.schema or "", t.name) for t in record.version_tables if t.part == part
                ),
            )
            for part, url in destination.urls.items()
        }
    return Start(destination.name, heads, dumps, major, tuple(destination.urls))


def rehearse_range(
    workspace: Workspace,
    scratch: Scratch,
    start: Start,
    asked: tuple[RevisionText, ...],
    *,
    models: MadeModels | LockgateError | None = None,
) -> Rehearsal:
    """Each of `asked` alone on the state before it, then all of them in one process.

    `models` are those that were made beforehand; else they are made where the range ends at the
    head, or at one of several that stay apart on purpose.
    """
    if not asked:
        return Rehearsal(scratch.version, start.words, ())
    directory = workspace.project.directory
    if not _ends(asked) <= set(directory.get_heads()) or unjoined_heads(directory):
        models = None
    elif models is None:
        models = with_statements(workspace, scratch, models_beforehand(workspace, scratch))
    foresee(scratch, start, asked)
    rehearsed: list[RevisionRehearsal] = []
    final: dict[str, Catalog] = {}
    with scratch.databases() as databases:
        try:
            tables = begin(databases, start, asked).version_tables
        except RunFailed as failure:
            rehearsed = _skipped(asked, f"the revisions before it fail: {failure.message}")
            return Rehearsal(scratch.version, start.words, tuple(rehearsed))
        sizes = {} if start.rows is None else scratch_sizes(databases)
        runner = _OneByOne(workspace, scratch, start, databases, tables)
        for index, text in enumerate(asked):
            workspace.progress.working(
                f"rehearsing {index + 1} of {len(asked)}: {text.revision} {text.message}"
            )
            one = runner.rehearse(text)
            rehearsed.append(one)
            if one.up != "ok":
                rehearsed += _skipped(asked[index + 1 :], f"{text.revision} does not upgrade")
                break
        ran = [s for one in rehearsed for s in one.statements if s.is_up]
        remember_statements(workspace, start.words, sizes, ran)
        final = runner.catalogs
        filled = () if start.rows is None else tuple(start.rows.filled.values())
        rehearsal = Rehearsal(scratch.version, start.words, tuple(rehearsed), filled=filled)
    if any(one.up != "ok" for one in rehearsed):
        return rehearsal
    return _with_whole(workspace, scratch, start, asked, final, rehearsal, models)


def locked(workspace: Workspace, rehearsal: Rehearsal, start: Start) -> LockFile:
    """The lock file with what `rehearsal` showed.

    Fingerprints are the repository's, so a rehearsal from a database's own structure adds them
    only where that structure is the one that the lock file has for its revision. Where the two
    ways of replaying disagree, nobody can say of which revision, and none counts as rehearsed.
    """
    lock = workspace.lock
    if not rehearsal.ways_agree:
        return lock
    texts = {
        text.revision: text for text in resolve_range(workspace.project.directory, "base:heads", ())
    }
    for one in rehearsal.revisions:
        if one.up == "skipped":
            continue
        text = texts[one.revision]
        entry = LockedRevision(
            revision=one.revision,
            parent=text.parents,
            depends_on=text.depends_on,
            syntax=syntax_hash(text.path.read_bytes()),
            irreversible=one.irreversible,
        )
        known = lock.revision(one.revision)
        if known is not None and known.syntax == entry.syntax:
            entry = replace(entry, rehearsals=known.rehearsals)
        if known is None or (known.syntax, known.parent) != (entry.syntax, entry.parent):
            # What stands on it was rehearsed on another structure.
            lock = lock.with_revision(
                *(replace(after, rehearsals=()) for after in lock.descendants(one.revision))
            )
        verdict = LockedRehearsal(
            major=rehearsal.major,
            up=one.up,
            # A way back after which there is no way forward is none.
            down="failed" if one.down == "ok" and one.error is not None else one.down,
            restores=one.restores,
            up_fingerprint=one.fingerprint,
            down_fingerprint=one.down_fingerprint,
        )
        if start.dumps is not None:
            earlier = known.rehearsal(rehearsal.major) if known else None
            verdict = replace(
                verdict,
                up_fingerprint=earlier.up_fingerprint if earlier else None,
                down_fingerprint=earlier.down_fingerprint if earlier else None,
                models=earlier.models if earlier else None,
            )
        lock = lock.with_revision(entry.with_rehearsal(verdict))
    lock = lock.without_revision(*(r.revision for r in lock.revisions if r.revision not in texts))
    return lock if start.dumps is not None else _with_proof(workspace, lock, rehearsal)


def _with_proof(workspace: Workspace, lock: LockFile, rehearsal: Rehearsal) -> LockFile:
    """Adds what proves that the models make the head, where `rehearsal` led there."""
    heads = tuple(workspace.project.directory.get_heads())
    if not rehearsal.revisions or heads != (rehearsal.revisions[-1].revision,):
        return lock
    statements, proof = rehearsal.models_statements, None
    if statements is not None:
        proof = prove(lock, heads[0], major=rehearsal.major, statements=statements)
    return with_proof(lock, heads[0], major=rehearsal.major, models=proof)


class _OneByOne:
    """The state that revisions are rehearsed on, one after the other."""

    def __init__(
        self,
        workspace: Workspace,
        scratch: Scratch,
        start: Start,
        databases: ScratchDatabases,
        tables: tuple[VersionTable, ...],
    ) -> None:
        self.workspace = workspace
        self.scratch = scratch
        self.start = start
        self.databases = databases
        self.tables = tables
        self.catalogs = databases.catalogs(tables)
        self.reached: list[RevisionText] = []

    def rehearse(self, text: RevisionText) -> RevisionRehearsal:
        """`text` up, down and up again; leaves the state after the upgrade."""
        started = time.monotonic()
        before = self.catalogs
        result = RevisionRehearsal(
            text.revision,
            text.message,
            str(text.path),
            up="failed",
            down=_declared(text),
            restores=False,
            irreversible=text.irreversible,
        )
        statements: list[PreviewedStatement] = []
        try:
            self._watch(text, statements, up=True)
        except LockgateError as error:
            untried: Down = "failed" if result.down == "ok" else result.down
            took = time.monotonic() - started
            result = replace(result, down=untried, error=error.message, seconds=took)
            return replace(result, statements=tuple(statements))
        self.reached.append(text)
        after = self.databases.catalogs(self.tables)
        result = replace(result, up="ok", fingerprint=fingerprint(after))
        self.catalogs = after
        if result.down == "ok":
            result = self._down_and_up(text, result, statements, before, after)
        return replace(result, seconds=time.monotonic() - started, statements=tuple(statements))

    def _down_and_up(
        self,
        text: RevisionText,
        result: RevisionRehearsal,
        statements: list[PreviewedStatement],
        before: dict[str, Catalog],
        after: dict[str, Catalog],
    ) -> RevisionRehearsal:
        try:
            self._watch(text, statements, up=False)
        except LockgateError as error:
            self._start_over()
            return replace(result, down="failed", error=error.message)
        back = self.databases.catalogs(self.tables)
        left = between(before, back)
        result = replace(
            result,
            restores=not structural(left),
            changes=left,
            down_fingerprint=fingerprint(back),
        )
        try:
            self._run(text, up=True)
        except LockgateError as error:
            self._start_over()
            return replace(result, error=f"the second upgrade fails: {error.message}")
        again = self.databases.catalogs(self.tables)
        if differs := structural(between(after, again)):
            if not result.restores:
                self._start_over()
                return result  # what the downgrade left is in the way; said already
            error_text = "the second upgrade does not reach what the first one did"
            return replace(result, error=error_text, changes=differs)
        self.catalogs = again
        return result

    def _watch(self, text: RevisionText, statements: list[PreviewedStatement], *, up: bool) -> None:
        """One revision in a run of its own; adds its `statements`, also those before a failure."""
        structures = {part: structure_of(one) for part, one in self.catalogs.items()}
        with ObservingCollector(self.databases.urls) as collector:
            try:
                self._run(text, up=up, observer=collector)
            except LockgateError:
                statements += observed_statements(collector, structures, self.scratch.major)
                raise
        statements += observed_statements(collector, structures, self.scratch.major)

    def _run(self, text: RevisionText, *, up: bool, observer: Observer | None = None) -> None:
        """One revision in a run of its own, its file read afresh."""
        project = self.workspace.project
        self.databases.run(
            project, steps.alone(project.directory, text.revision, up=up), observer=observer
        )

    def _start_over(self) -> None:
        """A fresh state after the last upgrade, once its downgrade has left something else."""
        self.scratch.empty(self.databases)
        begin(self.databases, self.start, tuple(self.reached))
        for text in self.reached:
            self._run(text, up=True)
        self.catalogs = self.databases.catalogs(self.tables)


def begin(
    databases: ScratchDatabases,
    start: Start,
    asked: tuple[RevisionText, ...],
    *,
    observer: Observer | None = None,
) -> RunRecord:
    """Brings fresh databases to where the first of `asked` begins, and asks where they are."""
    project = databases.workspace.project
    if start.dumps is not None:
        databases.load(start.dumps, {"": start.heads})
    wanted = sorted({parent for text in asked for parent in (*text.parents, *text.depends_on)})
    known = {text.revision for text in asked}
    for parent in wanted:
        if parent not in known:
            databases.upgrade(project, parent)
    if start.rows is not None:
        start.rows.fill(databases.urls, databases.workspace)
    return databases.run(project, steps.nothing, observer=observer)


def foresee(scratch: Scratch, start: Start, asked: tuple[RevisionText, ...]) -> None:
    """Runs `asked` without rows, so that rows made up for them meet the constraints they add.

    Where they fail even so, the rehearsal itself will say it.
    """
    if start.rows is None or not asked:
        return
    with scratch.databases() as databases, suppress(LockgateError):
        begin(databases, replace(start, rows=None), asked)
        project = scratch.workspace.project
        for text in asked:
            databases.run(project, steps.alone(project.directory, text.revision, up=True))
        start.rows.foresee(databases.urls)


def _with_whole(
    workspace: Workspace,
    scratch: Scratch,
    start: Start,
    asked: tuple[RevisionText, ...],
    one_by_one: Mapping[str, Catalog],
    rehearsal: Rehearsal,
    models: MadeModels | LockgateError | None,
) -> Rehearsal:
    """Adds what a single process makes of the same range, and how the models differ from it."""
    workspace.progress.working("rehearsing: all in one process")
    project = workspace.project.reopened()
    last = _ends(asked)
    with scratch.databases() as databases:
        if start.dumps is not None:
            databases.load(start.dumps, {"": start.heads})
        try:
            for revision in sorted(last):
                record = databases.upgrade(project, revision)
        except LockgateError as error:
            return replace(rehearsal, whole_error=error.message)
        whole = databases.catalogs(record.version_tables)
        rehearsal = replace(rehearsal, whole_changes=between(one_by_one, whole))
        if models is not None and (others := set(project.directory.get_heads()) - last):
            # Branches that stay apart make one structure all the same, and the models that one.
            try:
                for revision in sorted(others):
                    record = databases.upgrade(project, revision)
            except LockgateError as error:
                return replace(rehearsal, models_error=error.message)
            whole = databases.catalogs(record.version_tables)
        return _with_models(workspace, databases, whole, rehearsal, models)


def _ends(asked: tuple[RevisionText, ...]) -> set[str]:
    """Those of `asked` that no other one follows."""
    return {text.revision for text in asked} - {p for text in asked for p in text.parents}


def _with_models(
    workspace: Workspace,
    databases: ScratchDatabases,
    at_end: Mapping[str, Catalog],
    rehearsal: Rehearsal,
    models: MadeModels | LockgateError | None,
) -> Rehearsal:
    """Adds how the models' own schema differs, where they were made."""
    if models is None or isinstance(models, ModelsMissing):
        return rehearsal
    if isinstance(models, LockgateError):
        return replace(rehearsal, models_error=models.message)
    found = hold_against(workspace, databases, at_end, models.catalogs)
    changes = structural(found.changes)
    alike = not changes and fingerprint(models.catalogs) == rehearsal.revisions[-1].fingerprint
    return replace(
        rehearsal,
        models_match=not changes,
        models_statements=models.statements if alike else None,
        models_changes=changes,
        models_missed=found.missed,
    )


def _declared(text: RevisionText) -> Down:
    """What the text alone says of the way back; "ok" where it has to be tried."""
    if text.irreversible is not None:
        return "irreversible"
    if not text.has_downgrade or (text.empty_downgrade and not text.empty_upgrade):
        return "missing"
    return "ok"


def begins_at(start: Start, asked: tuple[RevisionText, ...]) -> Start:
    """`start` if its structure is the one before the first of `asked`, otherwise base."""
    known = {text.revision for text in asked}
    before = {parent for text in asked for parent in text.parents if parent not in known}
    if before <= set(start.heads):
        return start
    return replace(start, words=BASE, heads=(), dumps=None)


def _skipped(asked: tuple[RevisionText, ...], why: str) -> list[RevisionRehearsal]:
    return [
        RevisionRehearsal(
            text.revision,
            text.message,
            str(text.path),
            up="skipped",
            down="failed",
            restores=False,
            irreversible=text.irreversible,
            error=why,
        )
        for text in asked
    ]


def not_rehearsed(
    lock: LockFile, asked: tuple[RevisionText, ...], major: int
) -> tuple[RevisionText, ...]:
    """Those of `asked` that the lock file does not have as rehearsed on `major`, as they are.

    What stands on one that moved is one, too: it was rehearsed on another structure.
    """
    moved: set[str] = set()
    found = []
    for text in asked:  # parents first
        known = lock.revision(text.revision)
        if moved & {*text.parents, *text.depends_on} or known is None or _has_moved(known, text):
            moved.add(text.revision)
            found.append(text)
        elif not ((rehearsal := known.rehearsal(major)) and rehearsal.is_fine):
            found.append(text)
    return tuple(found)


def _has_moved(known: LockedRevision, text: RevisionText) -> bool:
    """Whether the file was edited, or put elsewhere, since it was locked."""
    same = known.syntax == syntax_hash(Path(text.path).read_bytes())
    return not same or known.parent != text.parents
