"""What the body of a function names, which PostgreSQL does not remember and so does not protect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import Name, Routine, Structure
from lockgate.core.effects.trees import Node, body, columns_in, nodes
from lockgate.core.sql.trees import parse, parse_expression, parse_plpgsql

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """What one statement in a body names."""

    tables: frozenset[Parts]
    columns: frozenset[str]


def users_of_table(structure: Structure, name: Name) -> Iterator[str]:
    """In words the functions whose body names a relation."""
    for function, routine in _naming(structure, name[1]):
        if any(_is_among(structure, name, named.tables) for named in _read(routine)):
            yield f"function {function}"


def users_of_column(structure: Structure, name: Name, column: str) -> Iterator[str]:
    """In words the functions whose body names a column of a relation beside it."""
    for function, routine in _naming(structure, column):
        for named in _read(routine):
            if column in named.columns and _is_among(structure, name, named.tables):
                yield f"function {function}"
                break


def triggers_asking(structure: Structure, name: Name, column: str) -> Iterator[str]:
    """In words the triggers of a table whose function asks a row for a column."""
    table = structure.relations.get(name)
    for trigger, how in table.fires.items() if table is not None else ():
        for routine in structure.routine(how.function):
            if trigger not in table.silenced and column in _fields(routine):  # type: ignore[union-attr]
                yield f"trigger {trigger}"
                break


def _naming(structure: Structure, word: str) -> Iterator[tuple[str, Routine]]:
    for name, routines in structure.routines.items():
        for routine in routines:
            if word in (routine.source or ""):
                yield name[1], routine


def _is_among(structure: Structure, name: Name, tables: frozenset[Parts]) -> bool:
    """Whether a relation is meant that is no longer there under its name, or still is."""
    return any(structure.resolve(parts) == name for parts in tables)


def _read(routine: Routine) -> Iterator[Named]:
    if routine.language == "sql":
        yield from _statements(routine.source or "")
    elif routine.language == "plpgsql":
        for kind, found in nodes(parse_plpgsql(routine.statement or "") or []):
            if kind == "PLpgSQL_expr":
                yield from _expression(str(found.get("query", "")), found.get("parseMode", 0))


def _expression(text: str, mode: int) -> Iterator[Named]:
    """A statement of a body, an expression, or what stands on the right of an assignment."""
    if mode == 0:
        yield from _statements(text)
        return
    if mode >= 3:
        text = text.partition(":=")[2] or text.partition("=")[2]
    found = parse_expression(text)
    if found is not None:
        yield _named(found)


def _statements(text: str) -> Iterator[Named]:
    for parsed in parse(text):
        if parsed.problem is None:
            yield _named(parsed.tree)


def _named(tree: Node) -> Named:
    tables, columns = set(), set(columns_in(tree))
    if "relname" in tree.get("relation", {}):
        tables.add(parts_of(tree["relation"]))
        for field in ("cols", "targetList"):
            columns |= {body(node, "ResTarget").get("name", "") for node in tree.get(field, ())}
    for kind, found in nodes(tree):
        if kind == "RangeVar":
            tables.add(parts_of(found))
    return Named(frozenset(tables), frozenset(columns))


def _fields(routine: Routine) -> frozenset[str]:
    """The fields of NEW and OLD that a trigger function in PL/pgSQL uses."""
    if routine.language != "plpgsql":
        return frozenset()
    rows, fields = set(), set()
    for _, function in nodes(parse_plpgsql(routine.statement or "") or []):
        for number, datum in enumerate(function.get("datums", ())):
            if body(datum, "PLpgSQL_rec").get("refname") in ("new", "old"):
                rows.add(number)
            field = body(datum, "PLpgSQL_recfield")
            if field and field.get("recparentno", 0) in rows:
                fields.add(field.get("fieldname", ""))
    return frozenset(fields)
