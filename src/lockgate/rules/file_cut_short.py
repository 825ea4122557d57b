"""A part of a file was passed over: rows of COPY without an end, or an enormous statement.

COPY ... FROM STDIN reads to a line that holds only a backslash and a full stop.

End the rows with a line that holds only a backslash and a full stop; split the statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import REMARK, Family, Hazard
from lockgate.core.script import Remark, RemarkKind

CODE = "LG064"
NAME = "file-cut-short"
FAMILY = Family.READING
SEVERITY = Severity.WARNING
ON = (REMARK,)

BAD = """\
COPY orders FROM STDIN;
1	open
"""
GOOD = "SELECT 1;"
BAD_ALEMBIC = ""
GOOD_ALEMBIC = ""


def remark(remark: Remark) -> Iterator[Hazard]:
    """What was passed over, and from where on."""
    if remark.kind is RemarkKind.TOO_LONG:
        yield Hazard(f"passes over {remark.text}", "split it into smaller statements")
    elif remark.kind is RemarkKind.COPY_DATA:
        yield Hazard(
            f"passes over the rest of the file: {remark.text}",
            "end the rows with a backslash and a full stop on a line of their own",
        )
