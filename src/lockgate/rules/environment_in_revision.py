"""A revision reads environment variables.

The same revision then makes one schema in DEV and another in PROD, and what was rehearsed is not
what runs.

Take the difference out of the schema, or pass it with `-x`, which the plan records.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.revision_source import RevisionSource
from lockgate.core.rule import SOURCE, Family, Hazard

CODE = "LG072"
NAME = "environment-in-revision"
FAMILY = Family.REVISION
SEVERITY = Severity.WARNING
ON = (SOURCE,)

BAD = ""
GOOD = ""
BAD_ALEMBIC = """\
import os

if os.environ.get("DEPLOYMENT") == "prod":
    op.execute("SELECT 1")
"""
GOOD_ALEMBIC = """\
op.execute("SELECT 1")
"""


def read(source: RevisionSource) -> Iterator[Hazard]:
    """The environment, the command line or the machine, however they are imported."""
    for node, name in source.full_names():
        if any(name == asked or name.startswith(f"{asked}.") for asked in _ASKED):
            yield Hazard(
                f"reads {ast.unparse(node)}, so that it is another revision in each environment",
                "take the difference out of the revision, or pass it with -x",
                line=node.lineno,
            )


_ASKED = (
    "os.environ",
    "os.environb",
    "os.getenv",
    "decouple.config",
    "sys.argv",
    "socket.gethostname",
    "platform.node",
    "getpass.getuser",
)
