"""A text is no statement that PostgreSQL's parser reads.

It is a mistake, or newer than the parser that lockgate is built on, or text for another program.
What it does is not known, and what is not known counts as dangerous. The rest of the file is
read.

Mend it; where a server does take it, say so with `lockgate: allow`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen

CODE = "LG060"
NAME = "unreadable-statement"
FAMILY = Family.READING
SEVERITY = Severity.ERROR
ON = (ALWAYS,)

BAD = "CREATE INDX ix ON orders (placed);"
GOOD = "CREATE INDEX CONCURRENTLY ix ON orders (placed);"
BAD_ALEMBIC = """\
op.execute("CREATE INDX ix ON orders (placed)")
"""
GOOD_ALEMBIC = """\
op.execute("SELECT 1")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """What the parser says, at the place where it says it."""
    problem = seen.parsed.problem
    if problem is not None:
        yield Hazard(
            f"cannot be read: {problem.message}",
            _remedy(problem.message),
            line=problem.line if seen.unit.revision is None else None,
            column=problem.column,
        )


def _remedy(message: str) -> str:
    if message.endswith('at or near ":"'):
        return "fill in the variable of psql that stands there"
    return "mend it, or say with `lockgate: allow` which server takes it"
