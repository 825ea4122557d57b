"""The names that PostgreSQL gives to indexes and constraints that were given none."""

from __future__ import annotations

from collections.abc import Container, Iterable

from lockgate.core.effects.trees import Node, only, words

LONGEST_BYTES = 63


def chosen_name(table: str, addition: str, label: str, taken: Container[str]) -> str:
    """`table_addition_label`, shortened to what a name may have, and numbered if it is taken."""
    number = 0
    while True:
        last = label + (str(number) if number else "")
        name = _shortened(table, addition, last)
        if name not in taken:
            return name
        number += 1


def _shortened(table: str, addition: str, label: str) -> str:
    """The longer of the first two gives way, byte by byte."""
    first, second = table.encode(), addition.encode()
    room = LONGEST_BYTES - len(label) - 1 - (1 if second else 0)
    while len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    parts = [first.decode(errors="ignore"), second.decode(errors="ignore"), label]
    return "_".join(part for part in parts if part)


def index_addition(columns: Iterable[str]) -> str:
    """What the names of an index's columns add to its name."""
    added = ""
    for column in columns:
        added += ("_" if added else "") + column
        if len(added.encode()) >= LONGEST_BYTES + 1:
            break
    return added


def index_column_names(elements: Iterable[Node]) -> list[str]:
    """What an index calls its columns, expressions by their functions; each name once."""
    found: list[str] = []
    for element in elements:
        _, body = only(element)
        base = body.get("name") or figured(body.get("expr")) or "expr"
        name, number = base, 0
        while name in found:
            number += 1
            room = LONGEST_BYTES - len(str(number))
            name = f"{base.encode()[:room].decode(errors='ignore')}{number}"
        found.append(name)
    return found


def figured(node: Node) -> str | None:
    """What a column of an expression is called, None where PostgreSQL has no word for it."""
    kind, body = only(node)
    if kind == "ColumnRef":
        return words(body.get("fields"))[-1]
    if kind == "FuncCall":
        return words(body.get("funcname"))[-1]
    if kind == "TypeCast":
        return figured(body.get("arg")) or words(body["typeName"].get("names"))[-1]
    if kind in ("CollateClause", "A_Indirection"):
        return figured(body.get("arg"))
    return _FIXED.get(kind)


_FIXED = {
    "CoalesceExpr": "coalesce",
    "MinMaxExpr": "greatest",
    "CaseExpr": "case",
    "RowExpr": "row",
}
