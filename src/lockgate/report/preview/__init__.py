"""Ways to show a preview, a file each."""

from __future__ import annotations

from lockgate.report.preview.document import preview_document
from lockgate.report.preview.html import preview_html
from lockgate.report.preview.markdown import preview_markdown
from lockgate.report.preview.script import preview_sql
from lockgate.report.preview.text import preview_text

__all__ = [
    "preview_document",
    "preview_html",
    "preview_markdown",
    "preview_sql",
    "preview_text",
]
