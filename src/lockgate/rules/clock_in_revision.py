"""A revision asks the clock, or for a random value, while it runs.

It then does something else in each environment and in each rehearsal, so that what was tried is
not what runs, and a resumed run is not the one that was begun.

Let the server say it (`now()`, `gen_random_uuid()`), or write the value down.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.revision_source import RevisionSource
from lockgate.core.rule import SOURCE, Family, Hazard

CODE = "LG071"
NAME = "clock-in-revision"
FAMILY = Family.REVISION
SEVERITY = Severity.WARNING
ON = (SOURCE,)

BAD = ""
GOOD = ""
BAD_ALEMBIC = """\
import datetime

op.execute(f"DELETE FROM orders WHERE placed < '{datetime.date.today()}'")
"""
GOOD_ALEMBIC = """\
op.execute("DELETE FROM orders WHERE placed < '2020-01-01'")
"""


def read(source: RevisionSource) -> Iterator[Hazard]:
    """Calls that answer otherwise each time, in what a Revision runs."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if ".".join(called.split(".")[-2:]) in _CALLS or called in _NAMES:
                yield Hazard(
                    f"asks {called}(), which answers otherwise in every run",
                    "let the server say it, or write the value down",
                    line=node.lineno,
                )


_CALLS = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "uuid.uuid1",
    "uuid.uuid4",
    "random.random",
    "random.randint",
    "random.choice",
    "secrets.token_hex",
)
_NAMES = ("uuid1", "uuid4", "utcnow", "time_ns", "urandom", "token_hex")
