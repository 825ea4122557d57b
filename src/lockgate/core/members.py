"""Which Changes are part of another: the members of a table that came or went as a whole."""

from __future__ import annotations

from collections.abc import Iterable

from lockgate.core.catalog import Change, ChangeKind
from lockgate.core.ddl.text import split_name

MEMBERS = ("column", "constraint")
"""Kinds of objects that are named by their table."""
ON_TABLES = {"index": "table ", "sequence": "owned by "}
"""Kinds of objects with names of their own that belong to a table, and what says to which."""


def gathered(changes: Iterable[Change]) -> list[tuple[Change, tuple[Change, ...]]]:
    """The Changes in their order, each with its members, which do not stand by themselves.

    Members are the columns, constraints, indexes and sequences of a table that was added or
    removed.
    """
    everything = list(changes)
    whole = [change for change in everything if change.property is None]
    members: dict[tuple[ChangeKind, str], list[Change]] = {
        (change.kind, change.name): [] for change in whole if change.object.endswith("table")
    }
    for change in whole:
        table = members.get((change.kind, _table_of(change)))
        if table is not None:
            table.append(change)
    return [
        (change, tuple(members.get((change.kind, change.name), ())))
        for change in everything
        if (change.kind, _table_of(change)) not in members
    ]


def _table_of(change: Change) -> str:
    """The table that the object belongs to, empty where it is none's."""
    if change.object in MEMBERS:
        return _outer(change.name)
    says = ON_TABLES.get(change.object)
    if says is None or change.property is not None:
        return ""
    text = (change.to if change.kind is ChangeKind.ADDED else change.from_) or ""
    for line in text.splitlines():
        if line.startswith(says):
            name = line.removeprefix(says)
            return name if change.object == "index" else _outer(name)
    return ""


def _outer(name: str) -> str:
    """A qualified name without its last part."""
    return ".".join(split_name(name)[:-1])
