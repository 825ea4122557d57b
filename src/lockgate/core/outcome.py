"""What running revisions on an Environment came to, as it was proved afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lockgate.core.catalog import Catalog, Change
from lockgate.core.environment import PRIMARY
from lockgate.core.statement import Direction, Statement


@dataclass(slots=True)
class Step:
    """One revision being run: what `env.py` did in it so far.

    `heads` are the version table's after it; `part` the database of a multi-database set-up;
    `part_way` says that an autocommit block has already made something lasting.
    """

    revision: str
    message: str
    direction: Direction
    file: str
    part: str = PRIMARY
    stamp: bool = False
    statements: list[Statement] = field(default_factory=list)
    heads: tuple[str, ...] = ()
    applied: bool = False
    part_way: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, as seen from a new connection afterwards.

    Mappings go by part; there is one, PRIMARY, unless the set-up has several databases.
    """

    heads_before: Mapping[str, tuple[str, ...]]
    heads_after: Mapping[str, tuple[str, ...]]
    steps: tuple[Step, ...]
    catalogs_after: Mapping[str, Catalog]
    changes: tuple[Change, ...]
    attempts: int
    seconds: float
