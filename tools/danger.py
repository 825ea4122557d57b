"""Says why a statement that ran is dangerous, from what a server showed before and after it.

tools/held_out.py asks the servers. Nothing here is shared with what predicts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

MODES = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
BLOCKING = MODES[4:]

Relation = tuple[str, str, list[int | None], int]
"""Its name, kind, relfilenodes (with those of TOAST and of its index) and bytes."""


@dataclass(frozen=True)
class State:
    """What is there at one time."""

    relations: Mapping[int, Relation]
    """By oid."""
    names: frozenset[str]
    """All that code may use; a column with its number, as one dropped and added is another."""
    owned: Mapping[str, str | None]
    """By the name of a column's own sequence that of the column, None if it is an identity."""
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Moved:
    """How many rows of one table a statement read and updated."""

    oid: int
    root: int
    """The topmost table of its partitions, or itself."""
    read: int
    updated: int


def danger(
    locks: Mapping[str, str],
    change: tuple[State, State],
    messages: Iterable[str],
    rows: Iterable[Moved],
    foreign_keys: Mapping[str, int],
) -> str | None:
    """Why a statement that ran is dangerous, None if it is not."""
    before, after = change
    names = {oid: name for oid, (name, *_) in before.relations.items()}
    # A temporary table is the session's own: nobody else waits for it.
    blocked = {
        name: mode
        for name, mode in locks.items()
        if mode in BLOCKING and not name.startswith("pg_temp.")
    }
    refreshed = {
        name
        for name, kind, *_ in before.relations.values()
        # Only a REFRESH writes to a materialized view: with readers let in nobody waits.
        if kind == "m" and locks.get(name) == "EXCLUSIVE"
    }
    rows = tuple(rows)
    worked = [
        *_named_by(messages, foreign_keys, names),
        *(names[moved.oid] for moved in rows if moved.read and moved.oid in names),
        *_rewritten(before, after),
    ]
    for name in sorted(set(worked)):
        if name in blocked and name not in refreshed:
            return f"works on {name} under {blocked[name]}"
    gone = before.names - after.names
    # A column's own sequence goes with it.
    if lost := [name for name in gone if before.owned.get(name, "") not in {None, *gone}]:
        return f"takes away {min(lost)}"
    emptied = sorted(n for n, there in before.rows.items() if there and after.rows.get(n) == 0)
    if emptied:
        return f"removes every row of {emptied[0]}"
    for root in sorted({moved.root for moved in rows}):
        of_root = [moved for moved in rows if moved.root == root]
        there = sum(before.rows.get(names.get(moved.oid, ""), 0) for moved in of_root)
        if 1 < there <= sum(moved.updated for moved in of_root):
            return f"writes every row of {names.get(root, root)}"
    return None


WORK = re.compile(
    r'(?:rewriting|verifying) table "(?P<table>.+)"'
    r'|building index ".+?" on table "(?P<indexed>.+)"'
    r'|validating foreign key constraint "(?P<key>.+)"'
)


def _named_by(
    messages: Iterable[str], foreign_keys: Mapping[str, int], names: Mapping[int, str]
) -> Iterator[str]:
    """The relations, of those that were there, that the server said it was working on."""
    for message in messages:
        if not (found := WORK.search(message)):
            continue
        if found["key"]:
            yield names.get(foreign_keys.get(found["key"], 0), "")
            continue
        plain = found["table"] or found["indexed"]
        for name in names.values():
            if name.partition(".")[2].strip('"') == plain:
                yield name


def _rewritten(before: State, after: State) -> Iterator[str]:
    """Relations with rows, or the tables of indexes, whose file is another one."""
    for oid, (name, kind, files, size) in before.relations.items():
        there = after.relations.get(oid)
        # TRUNCATE leaves an empty file: that is told by its rows. A first TOAST table is no file
        # written anew.
        if kind not in "rmi" or not size or not there or not there[3]:
            continue
        if any(old and new not in (None, old) for old, new in zip(files, there[2], strict=True)):
            yield name
