"""A preview for people, as JSON, and as a file that a DBA can run."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lockgate.core.finding import Finding
from lockgate.core.preview import Preview, PreviewedRevision, PreviewedStatement
from lockgate.report.changes import change_document, changes_text
from lockgate.report.effects import effects_document, effects_lines
from lockgate.report.explain import finding_lines
from lockgate.report.filled import filled_document, filled_text
from lockgate.report.findings.json import finding_document
from lockgate.report.forecast import forecast_document, forecast_lines


def preview_text(preview: Preview, *, width: int) -> str:
    """The statements of each Revision, up and down, with the line that sends each."""
    if not preview.revisions:
        return "nothing is pending"
    lines = [f"on PostgreSQL {preview.server}, from {preview.start}", *filled_text(preview.filled)]
    if preview.beforehand:
        lines += ["", "env.py and Alembic send beforehand"]
        lines += [textwrap.indent(_dedented(sql), "  ") for sql in preview.beforehand]
    for one in preview.revisions:
        lines += ["", f"{one.revision}  {one.message}", f"  {_place(one)}"]
        up, down, other = _divided(one)
        lines += _block("upgrade", one.up, up, width)
        if one.down:
            lines += _block("downgrade", one.down, down, width)
        elif one.down_error:
            lines.append(f"  downgrade  none: {one.down_error}")
        lines += [line.removeprefix(" ") for line in finding_lines(other, width)]
    if preview.error is not None:
        lines += ["", f"stopped: {preview.error}"]
    elif changes := changes_text(preview.changes):
        lines += ["", "schema changes, all together:", changes]
    else:
        lines += ["", "no schema changes"]
    return "\n".join(lines)


def preview_document(preview: Preview) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "server": preview.server,
        "start": preview.start,
        "from": list(preview.heads_before),
        "to": list(preview.heads_after),
        "error": preview.error,
        "beforehand": list(preview.beforehand),
        "revisions": [
            {
                "revision": one.revision,
                "message": one.message,
                "file": one.file,
                "upgrade": [statement_document(s) for s in one.up],
                "downgrade": [statement_document(s) for s in one.down],
                "downgrade_error": one.down_error,
                "findings": [finding_document(finding) for finding in one.findings],
            }
            for one in preview.revisions
        ],
        "changes": [change_document(change) for change in preview.changes],
        "filled": filled_document(preview.filled),
    }


def preview_sql(preview: Preview, *, mark: tuple[str, str] | None, lock_timeout_ms: int) -> str:
    """A script for psql that does what the upgrade did on scratch.

    `mark` is name and uuid of the Environment that it is for; the script refuses any other.
    """
    lines = [
        f"-- upgrade from {', '.join(preview.heads_before) or 'base'} "
        f"to {', '.join(preview.heads_after) or 'base'}",
        f"-- as executed on PostgreSQL {preview.server}; statements that depend on rows were",
        "-- made from the rows on scratch, where tables are empty: review those by hand",
        "-- run it with: psql -v ON_ERROR_STOP=1 -f FILE",
        "",
        f"SET lock_timeout = '{lock_timeout_ms}ms';",
    ]
    if mark is not None:
        lines += _refusal(*mark)
    if preview.beforehand:
        lines += ["", "-- what env.py and Alembic send beforehand"]
        lines += [f"{sql.strip().rstrip(';')};" for sql in preview.beforehand]
    for one in preview.revisions:
        lines += ["", f"-- {one.revision}: {' '.join(one.message.split())}"]
        lines += _transactions(one.up)
    return "\n".join(lines) + "\n"


def statement_document(previewed: PreviewedStatement) -> dict[str, Any]:
    """One statement as JSON."""
    statement = previewed.statement
    return {
        "sql": previewed.sql,
        "file": statement.file,
        "line": statement.line,
        "transactional": statement.transactional,
        "bookkeeping": statement.bookkeeping,
        "milliseconds": statement.milliseconds,
        "rows": statement.rows,
        "forecast": forecast_document(previewed.forecast),
        **(effects_document(previewed.effects) if previewed.effects is not None else {}),
        "disagreements": list(previewed.disagreements),
    }


def _refusal(environment: str, uuid: str) -> list[str]:
    name = environment.replace("'", "''")
    return [
        "DO $lockgate$ BEGIN",
        f"  IF NOT EXISTS (SELECT FROM lockgate.mark WHERE uuid = '{uuid}') THEN",
        f"    RAISE EXCEPTION 'this database is not %', '{name}';",
        "  END IF;",
        "END $lockgate$;",
    ]


def _transactions(statements: Iterable[PreviewedStatement]) -> list[str]:
    """Statements with BEGIN and COMMIT where the revision's transactions began and ended."""
    lines: list[str] = []
    is_open = False
    for previewed in statements:
        transactional = previewed.statement.transactional
        if transactional != is_open:
            lines.append("BEGIN;" if transactional else "COMMIT;")
            is_open = transactional
        if previewed.statement.line is not None:
            lines.append(
                f"-- {Path(previewed.statement.file or '').name}:{previewed.statement.line}"
            )
        lines.append(previewed.sql.strip().rstrip(";") + ";")
    if is_open:
        lines.append("COMMIT;")
    return lines


Placed = Mapping[int | None, Sequence[Finding]]
"""Findings by the place of their statement."""


def _divided(one: PreviewedRevision) -> tuple[Placed, Placed, list[Finding]]:
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


def _block(
    title: str, statements: Iterable[PreviewedStatement], findings: Placed, width: int
) -> list[str]:
    lines = [f"  {title}"]
    for place, previewed in enumerate(statements):
        statement = previewed.statement
        if statement.bookkeeping:
            continue
        outside = "" if statement.transactional else "  -- outside a transaction"
        lines.append(f"    line {statement.line}{outside}")
        lines.append(textwrap.indent(_dedented(previewed.sql), "      "))
        if previewed.effects is not None:
            found = effects_lines(previewed.effects, colour=False)
            lines += [f"      -- {line}" for line in found]
        for text in previewed.disagreements:
            words = f"prediction and observation disagree on {text}: please report it to lockgate"
            lines += textwrap.wrap(
                words, max(width, 40), initial_indent="      !! ", subsequent_indent="      !! "
            )
        if previewed.forecast is not None:
            found = forecast_lines(previewed.forecast, width=width - 6)
            lines += [f"      {line}" for line in found]
        said = finding_lines(findings.get(place, ()), width - 3)
        lines += [f"   {line}" for line in said]
    if len(lines) == 1:
        lines.append("    no statements")
    return lines


def _dedented(sql: str) -> str:
    return textwrap.dedent(sql).strip()


def _place(one: PreviewedRevision) -> str:
    return Path(one.file).name
