"""What of an INSERT, UPDATE, DELETE or TRUNCATE is refused before a row is looked at."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.certainty import INDEXES_BY_CONVENTION
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import TABLES, ConstraintKind, Kind, Relation, Structure
from lockgate.core.effects.trees import Node, body, nodes, only
from lockgate.core.parsed import Tree
from lockgate.core.refusals.columns import needed
from lockgate.core.refusals.refusal import Refusal, known, missing, refused, shown


def truncated(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """TRUNCATE of a table that a foreign key of another references."""
    if tree.get("behavior") == "DROP_CASCADE":
        return
    going = {
        structure.resolve(parts_of(body(node, "RangeVar"))) for node in tree.get("relations", ())
    }
    for name in sorted(going):
        for user, key in structure.foreign_keys_to(name):
            if user.name not in going and not user.partition and user.known:
                said = f"{key.name} of {shown(user.name)} references {shown(name)}"
                remedy = "delete the rows instead, or truncate both tables in one statement"
                yield refused(said, remedy, name[1], user.name[1], key.name, relation=name)


def _table(structure: Structure, tree: Tree) -> Relation | None:
    found = known(structure, parts_of(tree.get("relation") or {}))
    return found if found is not None and found.kind in TABLES else None


def inserted(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """INSERT: its columns, how many values it gives them, and ON CONFLICT."""
    table = _table(structure, tree)
    if table is None:
        return
    columns = [body(node, "ResTarget").get("name", "") for node in tree.get("cols", ())]
    yield from needed(table, (), columns)
    targets = [body(node, "ResTarget") for node in tree.get("cols", ())]
    whole = [t.get("name", "") for t in targets if "indirection" not in t]  # not a[1], a.b
    for twice in sorted({name for name in whole if whole.count(name) > 1}):
        yield refused(f"column {twice} is named twice", "leave one out", table.name[1])
    lists = only(tree.get("selectStmt"))[1].get("valuesLists", ())
    first = body(lists[0], "List").get("items", ()) if lists else ()
    most = columns or list(table.columns)
    if first and len(first) > len(most) > 0 and (columns or table.kind is not Kind.FOREIGN):
        said = f"{len(first)} values are given for {len(most)} columns"
        yield refused(said, "give each column one", table.name[1], f"columns of {table.name[1]}")
    elif columns and first and len(first) < len(columns):
        said = f"{len(first)} values are given for {len(columns)} columns"
        yield refused(said, "give each column one", table.name[1])
    for name, value in zip(columns, first, strict=False):
        yield from _generated(table, name, value)
    yield from _on_conflict(structure, table, tree.get("onConflictClause", {}))


def _generated(table: Relation, name: str, value: Node) -> Iterator[Refusal]:
    column = table.columns.get(name)
    if column is not None and column.generated and only(value)[0] != "SetToDefault":
        said = f"{name} of {shown(table.name)} is a generated column, and given no value"
        yield refused(said, "leave it out", table.name[1], name, relation=table.name)


def _on_conflict(structure: Structure, table: Relation, clause: Tree) -> Iterator[Refusal]:
    infer = clause.get("infer", {})
    if "conname" in infer:
        name = infer["conname"]
        if name not in table.constraints and not table.parents:
            what = f"constraint {name} of {shown(table.name)}"
            about = f"constraints of {table.name[1]}"
            yield missing(what, table.name[1], name, about, relation=table.name)
        return
    elements = [only(node)[1] for node in infer.get("indexElems", ())]
    if not elements or "whereClause" in infer or any(e.keys() - _PLAIN for e in elements):
        return
    columns = [element["name"] for element in elements]
    yield from needed(table, (), columns)
    if not set(columns) <= table.columns.keys() or _has_key(structure, table, set(columns)):
        return
    said = f"{shown(table.name)} has no unique constraint on {', '.join(columns)}"
    yield refused(
        f"{said} for ON CONFLICT to go by",
        "name columns that have one, or create it first",
        table.name[1],
        INDEXES_BY_CONVENTION,
        relation=table.name,
    )


_PLAIN = {"name", "ordering", "nulls_ordering"}


def _has_key(structure: Structure, table: Relation, columns: set[str]) -> bool:
    keys = (ConstraintKind.PRIMARY, ConstraintKind.UNIQUE, ConstraintKind.EXCLUDE)
    if any(set(c.columns) == columns for c in table.constraints.values() if c.kind in keys):
        return True
    for name in table.indexes:
        index = structure.get(name, Kind.INDEX).index
        unique = index is not None and index.unique and index.predicate is None
        if index is not None and unique and set(index.columns) == columns:
            return True
    return False


def updated(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """UPDATE: the columns that it sets and asks."""
    table = _table(structure, tree)
    if table is None:
        return
    targets = [body(node, "ResTarget") for node in tree.get("targetList", ())]
    columns = [target.get("name", "") for target in targets]
    yield from needed(table, (), columns)
    for target in targets:
        name = target.get("name", "")
        plain = "indirection" not in target
        if plain and columns.count(name) > 1:
            yield refused(f"column {name} is set twice", "set it once", table.name[1])
        yield from _generated(table, name, target.get("val"))
    yield from _asked(table, tree)


def deleted(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """DELETE: the columns that it asks."""
    table = _table(structure, tree)
    if table is not None:
        yield from _asked(table, tree)


def _asked(table: Relation, tree: Tree) -> Iterator[Refusal]:
    """The columns in a statement that is about one table alone."""
    sources = {"fromClause", "usingClause", "withClause"}
    if sources & tree.keys() or any(kind == "SubLink" for kind, _ in nodes(tree)):
        return
    alias = tree.get("relation", {}).get("alias", {}).get("aliasname")
    for refusal in needed(table, [tree.get("targetList"), tree.get("whereClause")]):
        if alias not in refusal.names:
            yield refusal
