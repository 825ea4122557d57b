"""A preview as JSON."""

from __future__ import annotations

from typing import Any

from lockgate.core.preview import Preview, PreviewedStatement
from lockgate.report.changes import change_document
from lockgate.report.effects import effects_document
from lockgate.report.filled import filled_document
from lockgate.report.finding import linted_document
from lockgate.report.forecast import forecast_document


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
                "findings": [linted_document(finding) for finding in one.findings],
            }
            for one in preview.revisions
        ],
        "changes": [change_document(change) for change in preview.changes],
        "filled": filled_document(preview.filled),
    }


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
        "database": previewed.part or None,
        "forecast": forecast_document(previewed.forecast),
        **(effects_document(previewed.effects) if previewed.effects is not None else {}),
        "disagreements": list(previewed.disagreements),
    }
