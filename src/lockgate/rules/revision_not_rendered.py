"""A revision asks the database while it runs, and there is none.

Lint has its statements as `alembic upgrade --sql` would have them. This one reads rows or needs a
connection, so that only the statements that stand in its text were looked at.

One that asks and goes on is information, one that stops a warning. A file that cannot even be
imported, as in a pre-commit hook that lacks a package, is an error: nothing says what it does.

`lockgate preview` runs it on scratch, and sees all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.revision_source import RevisionSource, Unread
from lockgate.core.rule import SOURCE, Family, Hazard

CODE = "LG079"
NAME = "revision-not-rendered"
FAMILY = Family.READING
SEVERITY = Severity.INFO
ON = (SOURCE,)

BAD = ""
GOOD = ""
BAD_ALEMBIC = """\
for (id_,) in op.get_bind().execute(sa.text("SELECT id FROM orders")):
    op.execute(f"UPDATE orders SET id = {id_} WHERE id = {id_}")
"""
GOOD_ALEMBIC = """\
op.execute("SELECT 1")
"""


def read(source: RevisionSource) -> Iterator[Hazard]:
    """A file whose statements could not all be had."""
    if source.unread is None:
        return
    remedy = "run `lockgate preview` to see every statement"
    if source.unread is Unread.NOT_LOADED:
        remedy = "install beside lockgate what it imports, or see its statements by preview"
    yield Hazard(
        f"was read from its text alone: {source.unread_reason}",
        remedy,
        severity=SEVERITIES[source.unread],
        line=source.unread_line or 1,
    )


SEVERITIES = {
    Unread.ASKED: Severity.INFO,
    Unread.STOPPED: Severity.WARNING,
    Unread.NOT_LOADED: Severity.ERROR,
}
