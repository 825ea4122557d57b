"""A revision uses the application's models.

The models are today's; the revision belongs to the schema of the day it was written. A column
that is added to the model later makes the old revision fail in every new database.

Describe the few columns it needs with `sa.table()` and `sa.column()` in the revision itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.revision_source import RevisionSource
from lockgate.core.rule import SOURCE, Family, Hazard

CODE = "LG070"
NAME = "models-in-revision"
FAMILY = Family.REVISION
SEVERITY = Severity.WARNING
ON = (SOURCE,)

BAD = ""
GOOD = ""
BAD_ALEMBIC = """\
from shop.models import Order

op.bulk_insert(Order.__table__, [{"id": 1}])
"""
GOOD_ALEMBIC = """\
orders = sa.table("orders", sa.column("id"))
op.execute(sa.insert(orders).values(id=1))
"""


def read(source: RevisionSource) -> Iterator[Hazard]:
    """Imports of something that is called models."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or "", *(f"{node.module}.{n.name}" for n in node.names)]
        elif isinstance(node, ast.Import):
            modules = [name.name for name in node.names]
        else:
            continue
        for module in modules:
            if any(part in _MODELS or part.endswith("_models") for part in module.split(".")):
                yield Hazard(
                    f"uses {module}, which is today's and not of the day of the revision",
                    "describe the columns it needs with sa.table() in the revision",
                    line=node.lineno,
                )
                break


_MODELS = ("models", "model", "orm", "entities")
