"""What the server itself says at level `debug1` of the work that a statement makes.

It names tables, indexes and constraints without their schema, never in another language, and says
nothing of copies: VACUUM FULL, CLUSTER, REFRESH and SET TABLESPACE write new files in silence.
Which relation is meant, and what of it is new to the files, is `witness`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """The work that messages tell of, by bare names; `built` are pairs of table and index.

    `validated` are foreign keys, whose table the server does not name. `cut` are tables of which
    VACUUM took the empty pages at their end, or began to.
    """

    rewritten: frozenset[str] = frozenset()
    verified: frozenset[str] = frozenset()
    validated: frozenset[str] = frozenset()
    built: tuple[tuple[str, str], ...] = ()
    cut: frozenset[str] = frozenset()


def read_messages(messages: Iterable[str]) -> Said:
    """What `messages` tell, in whatever order; others are passed over."""
    found: dict[str, list[tuple[str, ...]]] = {name: [] for name in _SAYINGS}
    for message in messages:
        for name, saying in _SAYINGS.items():
            match = saying.fullmatch(message)
            if match is not None:
                found[name].append(match.groups())
    return Said(
        rewritten=frozenset(table for (table,) in found["rewritten"]),
        verified=frozenset(table for (table,) in found["verified"]),
        validated=frozenset(constraint for (constraint,) in found["validated"]),
        built=tuple((table, _as_it_ends(index)) for index, table in found["built"]),
        cut=frozenset(table for (table,) in found["cut"]),
    )


# The same words from 14 to 18. A name may hold quotes, so that the last ones count.
_SAYINGS = {
    "rewritten": re.compile(r'rewriting table "(.+)"', re.DOTALL),
    "verified": re.compile(r'verifying table "(.+)"', re.DOTALL),
    "validated": re.compile(r'validating foreign key constraint "(.+)"', re.DOTALL),
    "built": re.compile(
        r'building index "(.+)" on table "(.+)" (?:serially|with request for \d+ .+)', re.DOTALL
    ),
    # At level debug2, or INFO with VERBOSE. It takes the lock before it counts the pages.
    "cut": re.compile(
        r'(?:table )?"(.+)": (?:truncated \d+ to \d+ pages|suspending truncate due to .+)',
        re.DOTALL,
    ),
}
_WHILE_BUILT = re.compile(r"_ccnew\d*$")


def _as_it_ends(index: str) -> str:
    """The name that an index built by REINDEX CONCURRENTLY has in the end, perhaps cut short."""
    return _WHILE_BUILT.sub("", index)
