"""Which of a table's children a column reaches that comes or goes.

A child that has a column of its own, or from two parents, keeps it, and so do those below it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.structure import Relation, Structure


def gaining(structure: Structure, relation: Relation, column: str) -> Iterator[Relation]:
    """The relations below `relation` that get a column with it, of which they have none."""
    for name in relation.children:
        child = structure.get(name)
        if column not in child.columns:
            yield child
            yield from gaining(structure, child, column)


def losing(structure: Structure, relation: Relation, column: str) -> Iterator[Relation]:
    """The relations below `relation` that lose a column with it."""
    for name in relation.children:
        child = structure.get(name)
        own = child.columns.get(column)
        givers = [p for p in child.parents if column in structure.get(p).columns]
        if own is None or (len(givers) < 2 and not (own.local and child.known)):
            yield child
            yield from losing(structure, child, column)
