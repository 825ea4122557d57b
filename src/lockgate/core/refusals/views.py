"""CREATE OR REPLACE VIEW that would take or change columns of the view that is there."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.certainty import columns_of
from lockgate.core.effects.names import figured
from lockgate.core.effects.reading import parts_of, read_type
from lockgate.core.effects.structure import TABLES, Kind, Structure, TypeName
from lockgate.core.effects.trees import Node, body, only, words
from lockgate.core.parsed import Tree
from lockgate.core.refusals.refusal import Refusal, known, refused, shown


def replaced(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE OR REPLACE VIEW: it may add columns at the end, and nothing else."""
    view = known(structure, parts_of(tree.get("view") or {})) if tree.get("replace") else None
    if view is None or view.kind is not Kind.VIEW:
        return
    before = columns(view.uses, view.aliases)
    after = columns(tree.get("query"), words(tree.get("aliases")))
    if before is None or after is None:
        return
    name = view.name
    rests = (name[1], columns_of(name[1]))
    for place, old in enumerate(before):
        if place >= len(after):
            said = f"column {old} of view {shown(name)} would be gone"
        elif after[place] != old:
            said = f"column {old} of view {shown(name)} would be called {after[place]}"
        else:
            types = _type(structure, view.uses, place), _type(structure, tree.get("query"), place)
            if None in types or _same(*types):
                continue
            now, then = (str(found) for found in types if found is not None)
            said = f"column {old} of view {shown(name)} would turn from {now} into {then}"
        yield refused(said, "drop the view and make it again, in one transaction", *rests)
        return


def _same(one: TypeName | None, other: TypeName | None) -> bool:
    pair = [(found.name, found.array) for found in (one, other) if found is not None]
    return pair[0] == pair[1]


def columns(query: Node, aliases: tuple[str, ...]) -> list[str] | None:
    """The names of a query's columns in order; None where it asks for `*`."""
    targets = _targets(query)
    if targets is None:
        return None
    names = [target.get("name") or figured(target.get("val")) or "?column?" for target in targets]
    return [*aliases, *names[len(aliases) :]]


def _targets(query: Node) -> list[Tree] | None:
    kind, select = only(query)
    while kind == "SelectStmt" and "larg" in select:
        select = select["larg"]
    if kind != "SelectStmt" or "valuesLists" in select:
        return None
    targets = [body(node, "ResTarget") for node in select.get("targetList", ())]
    for target in targets:
        fields = body(target.get("val"), "ColumnRef").get("fields", ())
        if any("A_Star" in field for field in fields) or "A_Indirection" in target.get("val", {}):
            return None
    return targets


def _type(structure: Structure, query: Node, place: int) -> TypeName | None:
    """The type of a column of a query over one table; None where that takes more to tell."""
    kind, select = only(query)
    if kind != "SelectStmt" or "larg" in select:
        return None
    value: Tree = (_targets(query) or [])[place].get("val", {})
    if "TypeCast" in value:
        found = read_type(value["TypeCast"].get("typeName"))
        return found if found is not None and found.schema is None else None
    fields = words(body(value, "ColumnRef").get("fields"))
    sources = select.get("fromClause", ())
    table = known(structure, parts_of(body(sources[0], "RangeVar"))) if len(sources) == 1 else None
    if not fields or table is None or table.kind not in TABLES:
        return None
    column = table.columns.get(fields[-1])
    plain = column is not None and column.type is not None and column.type.schema is None
    return column.type if plain and column is not None else None
