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
    called = {id(node.func) for node in ast.walk(source.tree) if isinstance(node, ast.Call)}
    for node, name in source.full_names():
        if id(node) in called and (name in _CALLS or name.startswith(_MODULES)):
            yield Hazard(
                f"asks {ast.unparse(node)}(), which answers otherwise in every run",
                "let the server say it, or write the value down",
                line=node.lineno,
            )


_CALLS = (
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
    "os.urandom",
    "django.utils.timezone.now",
    "arrow.now",
    "arrow.utcnow",
    "pendulum.now",
    "pendulum.today",
)
_MODULES = ("random.", "secrets.", "numpy.random.")
