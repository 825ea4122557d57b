"""What prediction knows of PostgreSQL's own types, casts and functions.

All of it is in facts.json, which tools/facts.py writes from servers of each major.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

NEWEST_MAJOR = 18
"""What is asked where the version makes no difference."""

ELSEWHERE = frozenset(
    "geometry geography box2d box3d raster vector halfvec sparsevec".split()  # noqa: SIM905
)
"""Types of PostGIS and pgvector, which do not come with PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One major's answers, types and functions by their names in pg_catalog.

    `fixed` are the bytes of types whose values all take as many; `contributed` types of extensions
    that are no domains, and so have nothing to check. `assigned` are pairs of types of which one
    turns into the other where it is stored there; `mutable` functions of which none is IMMUTABLE.
    """

    volatile: frozenset[str]
    steady: frozenset[str]
    coercible: frozenset[tuple[str, ...]]
    relaxed: frozenset[str]
    indexed_as: dict[str, str]
    types: frozenset[str]
    fixed: dict[str, int]
    contributed: frozenset[str]
    assigned: frozenset[tuple[str, ...]]
    mutable: frozenset[str]

    def is_volatile(self, function: str) -> bool | None:
        """Whether a function of that name may be volatile; None where there is none."""
        if function in self.volatile:
            return True
        return False if function in self.steady else None


@cache
def facts(major: int) -> Facts:
    """The facts of `major`, or of the nearest one that is known."""
    # Any: a JSON document.
    document: dict[str, Any] = msgspec.json.decode(
        files(__package__).joinpath("facts.json").read_bytes()
    )
    known = min(document["majors"], key=lambda found: abs(found - major))

    def answers(name: str) -> frozenset[str]:
        section = document[name]
        sometimes = (a for a, majors in section["somewhere"].items() if known in majors)
        return frozenset(section["everywhere"].split(" | ")).union(sometimes)

    return Facts(
        volatile=answers("volatile"),
        steady=answers("steady"),
        coercible=frozenset(tuple(pair.split()) for pair in answers("coercible")),
        relaxed=frozenset(pair.split()[0] for pair in answers("relaxed")),
        indexed_as=dict(pair.split() for pair in answers("indexed_as")),
        types=answers("types"),
        contributed=answers("contributed") | ELSEWHERE,
        assigned=frozenset(tuple(pair.split()) for pair in answers("assigned")),
        mutable=answers("mutable"),
        fixed={name: int(length) for name, length in map(str.split, answers("fixed"))},
    )
