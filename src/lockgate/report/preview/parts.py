"""What the ways to show a preview have in common: which Finding stands where, and sums."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from lockgate.core.effect import StatementEffects
from lockgate.core.finding import Finding, Severity
from lockgate.core.preview import Preview, PreviewedRevision, PreviewedStatement
from lockgate.report.effects import WORDS
from lockgate.report.findings import count, counted_words

Placed = Mapping[int | None, Sequence[Finding]]
"""Findings by the place of their statement."""


def divided(one: PreviewedRevision) -> tuple[Placed, Placed, list[Finding]]:
    """The Findings of the upgrade, of the downgrade, and those about no statement."""
    up: defaultdict[int | None, list[Finding]] = defaultdict(list)
    down: defaultdict[int | None, list[Finding]] = defaultdict(list)
    other = []
    lines = [previewed.statement.line for previewed in one.down]
    for finding in one.findings:
        if finding.statement is not None:
            up[finding.statement].append(finding)
        elif finding.line in lines and finding.line is not None:
            down[lines.index(finding.line)].append(finding)
        else:
            other.append(finding)
    return up, down, other


def own(statements: Sequence[PreviewedStatement]) -> Iterator[tuple[int, PreviewedStatement]]:
    """The statements that a revision sends itself, each with its place among all."""
    for place, previewed in enumerate(statements):
        if not previewed.statement.bookkeeping:
            yield place, previewed


def on_database(part: str) -> str:
    """` on engine1` where an environment has several databases, nothing where it has one."""
    return f" on {part}" if part else ""


def dedented(sql: str) -> str:
    """SQL as it would stand at the left, without tabs and blanks at the ends of its lines."""
    text = textwrap.dedent(sql).strip().expandtabs(4)
    return "\n".join(line.rstrip() for line in text.split("\n"))


def worst(effects: StatementEffects | None) -> tuple[str, ...]:
    """Whom a statement blocks at the most: reads and writes, writes, or nobody."""
    return max((e.blocks for e in effects.effects), key=len, default=()) if effects else ()


def sum_words(preview: Preview) -> str:
    """`12 statements, 3 block reads and writes, 1 blocks writes; 2 errors, 1 warning`."""
    sent = [s for one in preview.revisions for _, s in own(one.up)]
    words = [f"{len(sent)} statement{'' if len(sent) == 1 else 's'}"]
    for blocks, said in WORDS.items():
        number = sum(worst(s.effects) == blocks for s in sent)
        if blocks and number:
            words.append(f"{number} {said if number == 1 else said.replace('blocks', 'block')}")
    return f"{', '.join(words)}; {found_words(preview.revisions)}"


def found_words(revisions: Sequence[PreviewedRevision]) -> str:
    """How many Findings they have that are more than said."""
    told = [f for one in revisions for f in one.findings if f.severity is not Severity.INFO]
    return counted_words(count(told))
