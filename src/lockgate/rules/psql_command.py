r"""A file holds a command of psql's own.

Lint reads SQL. It passes over meta-commands, so that what `\i` brings in and what `\gexec` makes
is not looked at, and both branches of `\if` are.

Lint the files that `\i` names as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import REMARK, Family, Hazard
from lockgate.core.script import Remark, RemarkKind

CODE = "LG061"
NAME = "psql-command"
FAMILY = Family.READING
SEVERITY = Severity.INFO
ON = (REMARK,)

BAD = r"\i more.sql"
GOOD = "SELECT 1;"
BAD_ALEMBIC = ""
GOOD_ALEMBIC = ""


def remark(remark: Remark) -> Iterator[Hazard]:
    """A meta-command, louder where statements may hide behind it."""
    if remark.kind is not RemarkKind.META_COMMAND:
        return
    command = remark.text.split()[0].lower() if remark.text.split() else remark.text
    hides = command in _HIDE
    yield Hazard(
        f"passes over {command}, a command of psql" + (", and what it runs" if hides else ""),
        "lint what it runs as well" if hides else "leave it if the file is meant for psql",
        severity=Severity.WARNING if hides else None,
    )


_HIDE = (r"\i", r"\ir", r"\include", r"\include_relative", r"\gexec", r"\!", r"\watch")
