"""Whether a table has a TOAST table, where PostgreSQL keeps the values too long for a row.

Decided as the server does when it makes or alters the table, from the columns' types.
"""

from __future__ import annotations

from lockgate.core.effects.facts import Facts
from lockgate.core.effects.structure import STORED, Relation, Structure, TypeName

LONGEST_ROW = 2032
"""Bytes that a row may have in a page of 8 kB before PostgreSQL looks for something to move out."""
BYTES_OF_CHARACTER = 4
"""At most, in UTF-8."""

Size = tuple[int | None, bool]
"""The most bytes that a value takes, None without a limit; and whether it can be moved out."""


def has_toast(structure: Structure, relation: Relation, facts: Facts) -> bool | None:
    """Whether the table has one; None where a type is not known that would decide it."""
    if relation.kind not in STORED or not relation.known:
        return False if relation.known else None
    if relation.toasted:
        return True
    length, movable, known = 0, False, bool(relation.columns)
    for column in relation.columns.values():
        if column.generated == "virtual":
            continue
        size = _size(structure, column.type, facts)
        if size is None:
            known = False
        elif size[1] and size[0] is None:
            return True
        else:
            movable = movable or size[1]
            length = _aligned(length, 8) + (size[0] or 0)
    if not known:
        return None
    nulls = (len(relation.columns) + 7) // 8
    return movable and _aligned(23 + nulls, 8) + _aligned(length, 8) > LONGEST_ROW


def _aligned(length: int, to: int) -> int:
    return -(-length // to) * to


def _size(structure: Structure, found: TypeName | None, facts: Facts) -> Size | None:
    if found is None:
        return None
    if found.array:
        return None, True
    domain = structure.domain(found)
    if domain is not None:
        base = _size(structure, domain.base, facts)
        # A domain's own limit is in its type, where the server does not look for it.
        return (None, True) if base is not None and base[1] else base
    schemas = structure.path_for(found.parts)
    if any((schema, found.name) in structure.enums for schema in schemas):
        return 4, False
    if any((schema, found.name) in structure.relations for schema in schemas):
        return None, True
    if found.schema or found.name not in facts.types:
        return None
    if found.name in facts.fixed:
        return facts.fixed[found.name], False
    return _longest(found), True


def _longest(found: TypeName) -> int | None:
    """The most bytes that the modifiers of a type let a value have."""
    number = found.modifiers[0] if found.modifiers else None
    if not isinstance(number, int):
        return None
    match found.name:
        case "varchar" | "bpchar":
            return number * BYTES_OF_CHARACTER + 4
        case "numeric":  # four digits of it in two bytes, and one more at each end
            return (number + 6) // 4 * 2 + 8
        case "bit" | "varbit":
            return (number + 7) // 8 + 8
    return None
