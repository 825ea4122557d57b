"""What the rules say of revisions that were run on scratch: of what they sent, not of a guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lockgate.core.effects import Structure
from lockgate.core.finding import Finding
from lockgate.core.linter import LintedStatement
from lockgate.core.preview import PreviewedRevision, PreviewedStatement
from lockgate.core.sql.trees import parse
from lockgate.core.target import TargetStatistics
from lockgate.migrations.ranges import RevisionText
from lockgate.workflows.linting import (
    RevisionToLint,
    Surroundings,
    choose_rules,
    lint_revisions,
    read_source,
)


def with_findings(
    revisions: Sequence[PreviewedRevision],
    asked: Sequence[RevisionText],
    structure: Structure,
    version: int,
    target: TargetStatistics | None,
) -> tuple[PreviewedRevision, ...]:
    """`revisions`, as `asked` names them, with their Findings, in `structure` and what they make.

    `target` is how large and busy the tables are where the change is to go.
    """
    around = Surroundings(version, structure.copy(), complete=True, target=target)
    # For each parsed statement of an upgrade, in order: which revision, and its place there.
    places = [
        (number, place)
        for number, one in enumerate(revisions)
        for place, previewed in enumerate(one.up)
        if not previewed.statement.bookkeeping
        for _ in parse(previewed.sql)
    ]
    numbers = {one.file: number for number, one in enumerate(revisions)}
    found: defaultdict[int, list[Finding]] = defaultdict(list)
    every = map(_to_lint, revisions, asked)
    for answer in lint_revisions(every, choose_rules(), around):
        if isinstance(answer, LintedStatement):
            continue
        if answer.statement is not None:
            number, place = places[answer.statement]
            found[number].append(replace(answer, statement=place))
        elif answer.file in numbers:
            found[numbers[answer.file]].append(answer)
    return tuple(
        replace(one, findings=tuple(found[number])) for number, one in enumerate(revisions)
    )


def _to_lint(previewed: PreviewedRevision, text: RevisionText) -> RevisionToLint:
    source = read_source(
        text.revision,
        previewed.file,
        Path(previewed.file).read_bytes(),
        irreversible=text.irreversible,
    )
    return RevisionToLint(source, tuple(_sent(previewed.up)), tuple(_sent(previewed.down)))


def _sent(statements: Sequence[PreviewedStatement]) -> Iterator[tuple[str, int, bool]]:
    for previewed in statements:
        statement = previewed.statement
        if statement.line is not None:
            yield previewed.sql, statement.line, statement.transactional
