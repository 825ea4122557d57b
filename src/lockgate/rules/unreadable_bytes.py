"""A file holds bytes that are no UTF-8, or a null character.

lockgate reads them as unknown characters. The server takes them by client_encoding, so that a
name or a value may be another than the one that was looked at.

Save the file as UTF-8. A file that is packed is not read at all: unpack it first.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import REMARK, Family, Hazard
from lockgate.core.script import Remark, RemarkKind

CODE = "LG062"
NAME = "unreadable-bytes"
FAMILY = Family.READING
SEVERITY = Severity.WARNING
ON = (REMARK,)

BAD = "SELECT 'caf\udce9';"
GOOD = "SELECT 'café';"
BAD_ALEMBIC = ""
GOOD_ALEMBIC = ""


def remark(remark: Remark) -> Iterator[Hazard]:
    """A line that could not be read as it is, or a file that is no text."""
    if remark.kind is RemarkKind.ARCHIVE:
        cure = "run `pg_restore -f FILE.sql`" if "pg_dump" in remark.text else "unpack it"
        yield Hazard(
            f"cannot be read: it is {remark.text}, and no SQL",
            f"{cure}, and lint what comes out",
            severity=Severity.ERROR,
        )
    if remark.kind is RemarkKind.ENCODING:
        yield Hazard(f"holds {remark.text}", "save the file as UTF-8")
