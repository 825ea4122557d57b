"""Several heads: two branches of revisions that nobody has joined.

Branches with a label each, such as `expand` and `contract`, are meant to stay apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Finding
from lockgate.core.probes import SetUp

NAME = "heads"
ORDER = 20


def examine(set_up: SetUp) -> Iterator[Finding]:
    """Which heads there are, and which command joins them."""
    if not set_up.unjoined:
        return
    applied = set().union(*(set_up.ancestors(one.heads) for one in set_up.databases), set())
    free = [head for head in set_up.unjoined if head not in applied]
    base = next((head for head in set_up.unjoined if head not in free), set_up.unjoined[0])
    others = [head for head in free if head != base]
    if others and all(one.problem is None for one in set_up.databases):
        remedy = (
            f"run `lockgate merge --rebase {others[0]} {base}`, for {others[0]} is "
            "applied nowhere; or `lockgate merge heads -m MESSAGE`"
        )
    else:
        remedy = "run `lockgate merge heads -m MESSAGE`"
    yield Finding(
        "LG-DOC-2",
        NAME,
        f"there are {len(set_up.unjoined)} heads: {', '.join(set_up.unjoined)}",
        remedy,
    )
