"""Names as PostgreSQL writes them into a Catalog, taken apart."""

from __future__ import annotations

import re

Name = tuple[str, ...]
"""The parts of a name, without quotes: schema, table, column."""

_PART = re.compile(r'"((?:[^"]|"")*)"|([^\W\d][\w$]*)')


def parts_of(name: str) -> Name:
    """The parts of a dotted name; those of a routine without its arguments.

    `s."a.b".c` has three; `s.f(integer)` two.
    """
    parts = []
    position = 0
    while (match := _PART.match(name, position)) is not None:
        quoted, plain = match.groups()
        parts.append(plain if quoted is None else quoted.replace('""', '"'))
        position = match.end()
        if name[position : position + 1] != ".":
            break
        position += 1
    return tuple(parts)
