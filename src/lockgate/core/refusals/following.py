"""Keeps a Structure up with statements as they run, and what of it becomes doubtful by them."""

from __future__ import annotations

from lockgate.core.effects.applying import CHANGES, apply, statements_within
from lockgate.core.effects.certainty import INDEXES_BY_CONVENTION, columns_of, constraints_of
from lockgate.core.effects.predicting import predict
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import Kind, Relation, Structure
from lockgate.core.effects.trees import body, nodes, object_name, only, words, words_in
from lockgate.core.parsed import ParsedStatement, Tree


def follow(
    structure: Structure,
    parsed: ParsedStatement,
    version: int,
    *,
    unknown: bool | None = None,
    renders: bool = False,
) -> None:
    """Applies a statement that PostgreSQL takes, and doubts what it may have done unseen.

    `unknown` is whether it runs code that could not be read; None asks. Of a statement that was
    rendered without `env.py`, the names that a convention there gives are in doubt.
    """
    if parsed.problem is not None or parsed.kind in _ANYTHING:
        structure.certainty.doubt_everything()
    elif parsed.kind in _CODE:
        _code(structure, parsed, version, unknown)
    else:
        _before(structure, parsed)
    there = _is_there(structure, parsed)
    apply(structure, parsed)
    if parsed.problem is None and parsed.kind in CHANGES:
        _after(structure, parsed, there)
        _doubt_names(structure, parsed, renders)


_CODE = frozenset(("DoStmt", "CallStmt", "SelectStmt"))
_ANYTHING = frozenset(("ImportForeignSchemaStmt", "DropOwnedStmt", "LoadStmt"))


def _code(
    structure: Structure, parsed: ParsedStatement, version: int, unknown: bool | None
) -> None:
    if parsed.kind == "SelectStmt" and "intoClause" in parsed.tree:
        return
    if unknown is None:
        effects = predict(parsed, structure, version).effects
        unknown = any(effect.relation == "?" for effect in effects)
    if unknown:
        structure.certainty.doubt_everything()
    elif parsed.kind == "DoStmt":
        for inner in statements_within(parsed.sql):
            structure.certainty.doubt(*words_in(inner.tree))
    elif parsed.kind == "CallStmt" or _calls_own(structure, parsed.tree):
        structure.certainty.doubt_everything()


def _calls_own(structure: Structure, tree: Tree) -> bool:
    """Whether a SELECT calls a function that is not PostgreSQL's, which may alter tables."""
    if not structure.routines:
        return False
    names = {name for _, name in structure.routines}
    return not names.isdisjoint(words_in(tree.get("targetList", [])))


def _before(structure: Structure, parsed: ParsedStatement) -> None:
    """Doubts what a statement leaves open."""
    tree, certainty = parsed.tree, structure.certainty
    match parsed.kind:
        case "TransactionStmt" if "ROLLBACK" in tree.get("kind", ""):
            certainty.doubt_everything()
        case "CreateStmt" if tree.get("if_not_exists") and not structure.complete:
            name = parts_of(tree.get("relation") or {})
            if structure.resolve(name) not in structure.relations:
                certainty.doubt(name[-1])
        case "DropStmt" if tree.get("behavior") == "DROP_CASCADE":
            if tree.get("removeType") in ("OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW"):
                _doubt_views(structure)
            else:
                certainty.doubt_everything()
        case "AlterTableStmt":
            if any(_cascades(node) for node in tree.get("cmds", ())):
                _doubt_views(structure)
        case "RenameStmt" if tree.get("renameType") == "OBJECT_COLUMN":
            found = structure.find(parts_of(tree.get("relation") or {}))
            if found.kind not in (Kind.TABLE, Kind.PARTITIONED, Kind.COMPOSITE):
                certainty.doubt(columns_of(found.name[1]))


def _cascades(node: Tree) -> bool:
    return body(node, "AlterTableCmd").get("behavior") == "DROP_CASCADE"


def _doubt_views(structure: Structure) -> None:
    views = (Kind.VIEW, Kind.MATERIALIZED)
    gone = [r.name[1] for r in structure.relations.values() if r.kind in views]
    structure.certainty.doubt(*gone)


def _is_there(structure: Structure, parsed: ParsedStatement) -> bool:
    """Whether a CREATE TABLE makes what the Structure has already, as far as it is right."""
    if parsed.kind not in ("CreateStmt", "CreateForeignTableStmt"):
        return False
    tree = parsed.tree.get("base", parsed.tree)
    made = tree.get("relation") or {}
    plain = not tree.get("if_not_exists") and made.get("relpersistence") != "t"
    return plain and structure.resolve(parts_of(made)) in structure.relations


def _after(structure: Structure, parsed: ParsedStatement, there: bool) -> None:
    """Is sure again of what a statement has made, and says where not of all its columns."""
    tree, certainty = parsed.tree, structure.certainty
    match parsed.kind:
        case "CreateStmt" | "CreateForeignTableStmt":
            tree = tree.get("base", tree)
            name = parts_of(tree.get("relation") or {})[-1]
            if there:  # it was not, and is not as it was
                certainty.doubt(name)
            elif not tree.get("if_not_exists"):
                certainty.settle(name)
                certainty.doubted -= {columns_of(name), constraints_of(name)}
            if not _all_columns(structure, tree):
                certainty.doubt(columns_of(name))
        case "CreateTableAsStmt" | "SelectStmt":
            into = tree.get("into") or tree.get("intoClause") or {}
            if into:
                certainty.doubt(columns_of(into.get("rel", {}).get("relname", "")))
        case "DropStmt" if not certainty.everything or not tree.get("missing_ok"):
            for node in tree.get("objects", ()):
                _settle_gone(structure, object_name(node))


def _doubt_names(structure: Structure, parsed: ParsedStatement, renders: bool) -> None:
    """Doubts what a convention may name otherwise, and whether a name is one for NOT NULL.

    SQLAlchemy names indexes itself, and constraints that were given none if it is told how.
    """
    tree, certainty = parsed.tree, structure.certainty
    table = tree.get("relation") or {}
    if parsed.kind == "IndexStmt" and renders:
        columns = [only(node)[1].get("name") for node in tree.get("indexParams", ())]
        usual = "_".join(("ix", *parts_of(table)[-1:], *(c for c in columns[:1] if c)))
        if tree.get("idxname") in (None, usual):
            certainty.doubt(INDEXES_BY_CONVENTION)
    elif parsed.kind in ("CreateStmt", "AlterTableStmt"):
        for kind, found in nodes([tree.get("tableElts", ()), tree.get("cmds", ())]):
            if kind != "Constraint":
                continue
            unnamed = renders and found.get("contype") in _NAMED and "conname" not in found
            if unnamed or (found.get("contype") == "CONSTR_NOTNULL" and "conname" in found):
                certainty.doubt(constraints_of(parts_of(table)[-1]))


_NAMED = ("CONSTR_CHECK", "CONSTR_FOREIGN", "CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION")


def _settle_gone(structure: Structure, parts: tuple[str, ...]) -> None:
    if parts and structure.resolve(parts) in structure.certainty.gone:
        structure.certainty.settle(parts[-1])


def _all_columns(structure: Structure, tree: Tree) -> bool:
    """Whether nothing of a CREATE TABLE takes its columns from what is not known."""
    others = [parts_of(body(node, "RangeVar")) for node in tree.get("inhRelations", ())]
    if "ofTypename" in tree:
        others.append(words(tree["ofTypename"].get("names")))
    for node in tree.get("tableElts", ()):
        kind, found = only(node)
        if kind == "TableLikeClause":
            others.append(parts_of(found.get("relation") or {}))
    return all(_is_whole(structure, structure.find(parts)) for parts in others)


def _is_whole(structure: Structure, relation: Relation) -> bool:
    whole = relation.known and bool(relation.columns)
    return whole and structure.certainty.holds(relation.name[1], columns_of(relation.name[1]))
