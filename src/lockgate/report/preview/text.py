"""A preview as a person reads it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from lockgate.core.agreement import disagreement_words
from lockgate.core.preview import Preview, PreviewedStatement
from lockgate.report.changes import changes_text
from lockgate.report.effects import effects_lines
from lockgate.report.explain import finding_lines
from lockgate.report.filled import filled_text
from lockgate.report.forecast import forecast_lines
from lockgate.report.preview.parts import (
    Placed,
    dedented,
    divided,
    on_database,
    own,
    sum_words,
)
from lockgate.report.wrapping import wrapped


def preview_text(preview: Preview, *, width: int, colour: bool = False) -> str:
    """The statements of each Revision, up and down, with the line that sends each."""
    if not preview.revisions:
        return "nothing is pending"
    lines = [f"on PostgreSQL {preview.server}, from {preview.start}", *filled_text(preview.filled)]
    if preview.beforehand:
        lines += ["", "env.py and Alembic send beforehand"]
        lines += [textwrap.indent(dedented(sql), "  ") for sql in preview.beforehand]
    for one in preview.revisions:
        lines += ["", f"{one.revision}  {one.message}", f"  {Path(one.file).name}"]
        up, down, other = divided(one)
        lines += _block("upgrade", one.up, up, width, colour)
        if one.down:
            lines += _block("downgrade", one.down, down, width, colour)
        elif one.down_error:
            lines.append(f"  downgrade  none: {one.down_error}")
        lines += [line.removeprefix(" ") for line in finding_lines(other, width, colour=colour)]
    if preview.error is not None:
        lines += ["", f"stopped: {preview.error}"]
    elif changes := changes_text(preview.changes):
        lines += ["", "schema changes, all together:", changes]
    else:
        lines += ["", "no schema changes"]
    lines += ["", sum_words(preview)]
    return "\n".join(lines)


def _block(
    title: str,
    statements: Sequence[PreviewedStatement],
    findings: Placed,
    width: int,
    colour: bool,
) -> list[str]:
    lines = [f"  {title}"]
    for place, previewed in own(statements):
        statement = previewed.statement
        outside = "" if statement.transactional else "  -- outside a transaction"
        lines.append(f"    line {statement.line}{on_database(previewed.part)}{outside}")
        lines.append(textwrap.indent(dedented(previewed.sql), "      "))
        if previewed.effects is not None:
            found = effects_lines(previewed.effects, colour=colour)
            lines += [f"      -- {line}" for line in found]
        for text in previewed.disagreements:
            words = disagreement_words(text)
            lines += wrapped(words, width, first="      !! ", rest="      !! ")
        if previewed.forecast is not None:
            found = forecast_lines(previewed.forecast, width=width - 6)
            lines += [f"      {line}" for line in found]
        said = finding_lines(findings.get(place, ()), width - 3, colour=colour)
        lines += [f"   {line}" for line in said]
    if len(lines) == 1:
        lines.append("    no statements")
    return lines
