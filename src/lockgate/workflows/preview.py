"""`lockgate preview`: the statements of revisions as they are really executed, on scratch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lockgate.core.effects import Structure, structure_of
from lockgate.core.environment import Budget
from lockgate.core.preview import Preview, PreviewedRevision, PreviewedStatement
from lockgate.core.statement import Direction
from lockgate.errors import LockgateError
from lockgate.migrations import steps
from lockgate.migrations.driver import Observer
from lockgate.migrations.ranges import RevisionText, resolve_range
from lockgate.postgres.literal import with_literals
from lockgate.postgres.observe import Seen
from lockgate.workflows.catalogs import between, fingerprint
from lockgate.workflows.destination import find_destination
from lockgate.workflows.existing import sizes_together, together
from lockgate.workflows.forecasting import with_forecasts
from lockgate.workflows.lint_preview import with_findings
from lockgate.workflows.observing_steps import ObservingCollector, with_prediction
from lockgate.workflows.rehearse import Start, begin, begins_at, foresee, start_from
from lockgate.workflows.remembering import remember_statements, scratch_sizes
from lockgate.workflows.scratch import Scratch, StepCollector, open_scratch
from lockgate.workflows.workspace import Workspace


def preview(
    workspace: Workspace,
    range_: str | None,
    *,
    environment: str | None,
    from_base: bool = False,
    major: int | None = None,
    rows: float | None = None,
) -> Preview:
    """Runs a range up and down on scratch, from the database's own structure where one is named.

    `rows` is the share of that database's rows to make up there.

    Raises RowsNeedTarget, RowsOutOfRange.
    """
    with start_from(
        workspace, environment, from_base=from_base, rows=rows, forecasts=True
    ) as start:
        asked = resolve_range(workspace.project.directory, range_, start.heads)
        with open_scratch(workspace, major=major or start.major, parts=start.parts) as scratch:
            return preview_range(workspace, scratch, begins_at(start, asked), asked, down=True)


def preview_range(
    workspace: Workspace,
    scratch: Scratch,
    start: Start,
    asked: tuple[RevisionText, ...],
    *,
    down: bool,
) -> Preview:
    """The statements of `asked` up, and, with `down`, of the way back."""
    project = workspace.project
    beforehand = _Beforehand()
    error: str | None = None
    down_error: str | None = None
    foresee(scratch, start, asked)
    with (
        scratch.databases() as databases,
        ObservingCollector(databases.urls) as ups,
        ObservingCollector(databases.urls) as downs,
    ):
        record = begin(databases, start, asked, observer=beforehand)
        before = databases.catalogs(record.version_tables)
        sizes = {} if start.rows is None else scratch_sizes(databases)
        held = False
        workspace.progress.working(f"previewing {len(asked)} revisions on scratch")
        heads_before = next(iter(record.heads_before.values()), ())
        try:
            for text in asked:
                run = databases.run(
                    project,
                    steps.alone(project.directory, text.revision, up=True),
                    observer=ups,
                )
                held |= run.external_transaction
        except LockgateError as failure:
            error = failure.message
        after = databases.catalogs(record.version_tables)
        if down and error is None:
            try:
                for text in reversed(asked):
                    databases.run(
                        project,
                        steps.alone(project.directory, text.revision, up=False),
                        observer=downs,
                    )
            except LockgateError as failure:
                down_error = failure.message
    gone = {parent for text in asked for parent in text.parents}
    heads_after = {*heads_before, *(text.revision for text in asked)} - gone
    structures = {part: structure_of(catalog) for part, catalog in before.items()}
    effected = _with_effects(
        _revisions(asked, ups, downs, down_error), ups, downs, structures, scratch.major
    )
    version = start.major or scratch.major
    target = sizes_together(basis.statistics for basis in start.bases.values())
    ran = [statement for one in effected for statement in one.up]
    remember_statements(workspace, start.words, sizes, ran)
    shown = Preview(
        server=scratch.version,
        start=start.words,
        heads_before=tuple(sorted(heads_before)),
        heads_after=tuple(sorted(heads_after)),
        revisions=with_findings(effected, asked, together(before.values()), version, target),
        fingerprint_before=fingerprint(before),
        fingerprint_after=fingerprint(after),
        changes=between(before, after),
        error=error,
        beforehand=tuple(beforehand.statements),
        filled=() if start.rows is None else tuple(start.rows.filled.values()),
    )
    return with_forecasts(
        shown, structures, start.bases, version=version, scratch=sizes, one_transaction=held
    )


def _with_effects(
    revisions: tuple[PreviewedRevision, ...],
    ups: ObservingCollector,
    downs: ObservingCollector,
    structures: Mapping[str, Structure],
    version: int,
) -> tuple[PreviewedRevision, ...]:
    """`revisions` with the Effects of their statements, in the order in which they ran."""
    copies = {part: structure.copy() for part, structure in structures.items()}

    def predicted(
        statements: tuple[PreviewedStatement, ...], collector: ObservingCollector
    ) -> tuple[PreviewedStatement, ...]:
        return tuple(
            with_prediction(one, seen, copies[one.part], version)
            for one, seen in _seen(statements, collector)
        )

    up = [predicted(one.up, ups) for one in revisions]
    down = [predicted(one.down, downs) for one in reversed(revisions)]
    return tuple(
        replace(one, up=there, down=back)
        for one, there, back in zip(revisions, up, reversed(down), strict=True)
    )


def _seen(
    statements: tuple[PreviewedStatement, ...], collector: ObservingCollector
) -> Iterator[tuple[PreviewedStatement, Seen | None]]:
    places = {
        id(statement): (step, index)
        for step, found in enumerate(collector.steps)
        for index, statement in enumerate(found.statements)
    }
    for previewed in statements:
        yield previewed, collector.seen.get(places[id(previewed.statement)])


class _Beforehand(Observer):
    """Keeps what is sent ahead of the revisions and is not only Alembic's asking."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def before_steps(self, sql: str, parameters: object, *, by_alembic: bool) -> None:
        """Keeps a statement; the version table may be there, empty, after a downgrade to base."""
        create = "CREATE TABLE "
        if not by_alembic:
            self.statements.append(with_literals(sql, parameters))
        elif sql.strip().startswith(create):
            table = sql.strip().removeprefix(create)
            self.statements.append(f"{create}IF NOT EXISTS {table}")


def _revisions(
    asked: tuple[RevisionText, ...],
    ups: StepCollector,
    downs: StepCollector,
    down_error: str | None,
) -> tuple[PreviewedRevision, ...]:
    return tuple(
        PreviewedRevision(
            revision=text.revision,
            message=text.message,
            file=str(text.path),
            up=_statements(ups, text.revision, Direction.UP),
            down=_statements(downs, text.revision, Direction.DOWN),
            down_error=text.irreversible or down_error,
        )
        for text in asked
    )


def _statements(
    collector: StepCollector, revision: str, direction: Direction
) -> tuple[PreviewedStatement, ...]:
    return tuple(
        PreviewedStatement(
            statement, with_literals(statement.sql, statement.parameters), part=step.part
        )
        for step in collector.steps
        if step.revision == revision and step.direction is direction
        for statement in step.statements
    )


def script_header(
    workspace: Workspace, environment: str | None
) -> tuple[tuple[str, str] | None, int]:
    """What a script for psql begins with: name and uuid of its database, and a lock timeout in ms.

    The mark is None where no database is named.
    """
    if environment is None and workspace.settings.url_variable not in workspace.environ:
        return None, Budget().lock_timeout_ms
    destination = find_destination(workspace, environment)
    with destination.connected(purpose="preview") as checked:
        mark = next(iter(checked.values())).mark
    return (mark.environment, mark.uuid), destination.budget.lock_timeout_ms
