"""What a forecast has to know of a statement's text beside its Effects.

Answers which columns an index is over, what a foreign key refers to, which rows an UPDATE takes
and what of a table goes away. What locks and what is rewritten is `core.effects`'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lockgate.core.parsed import ParsedStatement, Tree
from lockgate.core.sql.trees import parse_one, quote_identifier
from lockgate.core.target import RelationStatistics

UNKNOWN_SHARE = 1 / 3
"""The share of rows that a condition is taken to keep that nobody can judge."""


@dataclass(frozen=True, slots=True)
class IndexShape:
    """An index that a statement builds; a column is None where it is an expression."""

    columns: tuple[str | None, ...]
    method: str = "btree"
    name: str | None = None
    concurrent: bool = False
    condition: Tree | None = None


@dataclass(frozen=True, slots=True)
class RowsShape:
    """A statement that changes rows: its verb, the columns that it sets, which rows it takes."""

    verb: str
    columns: tuple[str, ...] = ()
    condition: Tree | None = None
    from_query: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of one statement that decide how much work it is.

    `table` and `references` are as a Catalog names them, except that the schema is missing where
    the text gives none; `referencing` are the first columns of those foreign keys. `gone` are
    columns that it takes away or renames; None among them stands for the whole table.
    """

    kind: str
    table: str | None = None
    indexes: tuple[IndexShape, ...] = ()
    references: tuple[str, ...] = ()
    referencing: tuple[str, ...] = ()
    validates: bool = False
    rows: RowsShape | None = None
    gone: tuple[str | None, ...] = ()
    moves: bool = False


def shape_of(sql: str) -> Shape:
    """The Shape of `sql`; of what cannot be read, one without parts."""
    return shape_of_parsed(parse_one(sql))


def shape_of_parsed(parsed: ParsedStatement) -> Shape:
    """The Shape of a statement that has been parsed."""
    tree = parsed.tree
    match parsed.kind:
        case "IndexStmt":
            index = IndexShape(
                columns=tuple(
                    e["IndexElem"].get("name")
                    for e in (
                        *tree.get("indexParams", ()),
                        *tree.get("indexIncludingParams", ()),
                    )
                ),
                method=tree.get("accessMethod", "btree"),
                name=tree.get("idxname"),
                concurrent=tree.get("concurrent", False),
                condition=tree.get("whereClause"),
            )
            return Shape(parsed.kind, _name(tree["relation"]), indexes=(index,))
        case "UpdateStmt" | "DeleteStmt" | "InsertStmt" | "MergeStmt":
            return Shape(parsed.kind, _name(tree["relation"]), rows=_rows(parsed.kind, tree))
        case "AlterTableStmt":
            return _altered(tree)
        case "RenameStmt" if "relation" in tree:
            column = tree.get("subname") if tree.get("renameType") == "OBJECT_COLUMN" else None
            tables = ("OBJECT_COLUMN", "OBJECT_TABLE", "OBJECT_VIEW")
            gone = (column,) if tree.get("renameType") in tables else ()
            return Shape(parsed.kind, _name(tree["relation"]), gone=gone)
        case "DropStmt" if tree.get("removeType") in ("OBJECT_TABLE", "OBJECT_VIEW"):
            names = [e["List"]["items"] for e in tree.get("objects", ()) if "List" in e]
            path = [part["String"]["sval"] for part in names[0]] if names else []
            return Shape(parsed.kind, ".".join(map(quote_identifier, path)) or None, gone=(None,))
    return Shape(parsed.kind)


def _name(relation: Tree) -> str:
    parts = (relation.get("schemaname"), relation["relname"])
    return ".".join(quote_identifier(part) for part in parts if part)


def _rows(kind: str, tree: Tree) -> RowsShape:
    targets = [*tree.get("targetList", ()), *tree.get("cols", ())]
    query = tree.get("selectStmt", {}).get("SelectStmt", {})
    return RowsShape(
        verb=kind.removesuffix("Stmt").upper(),
        columns=tuple(t["ResTarget"]["name"] for t in targets if "name" in t.get("ResTarget", {})),
        condition=tree.get("whereClause"),
        from_query="valuesLists" not in query and bool(query),
    )


def _altered(tree: Tree) -> Shape:
    gone: list[str | None] = []
    references: list[str] = []
    referencing: list[str] = []
    indexes: list[IndexShape] = []
    validates = moves = False
    for command in (c["AlterTableCmd"] for c in tree.get("cmds", ())):
        kind = command.get("subtype")
        validates |= kind == "AT_ValidateConstraint"
        moves |= kind in ("AT_SetTableSpace", "AT_SetLogged", "AT_SetUnLogged")
        if kind in ("AT_DropColumn", "AT_AlterColumnType"):
            gone.append(command.get("name"))
        for constraint in _constraints(command.get("def", {})):
            match constraint.get("contype"):
                case "CONSTR_FOREIGN" if not constraint.get("skip_validation"):
                    references.append(_name(constraint["pktable"]))
                    referencing.append(constraint["fk_attrs"][0]["String"]["sval"])
                case "CONSTR_PRIMARY" | "CONSTR_UNIQUE" if "indexname" not in constraint:
                    keys = tuple(k["String"]["sval"] for k in constraint.get("keys", ()))
                    indexes.append(IndexShape(keys, name=constraint.get("conname")))
    return Shape(
        "AlterTableStmt",
        _name(tree["relation"]),
        indexes=tuple(indexes),
        references=tuple(references),
        referencing=tuple(referencing),
        validates=validates,
        gone=tuple(gone),
        moves=moves,
    )


def _constraints(definition: Tree) -> Iterator[Tree]:
    if "Constraint" in definition:
        yield definition["Constraint"]
    for constraint in definition.get("ColumnDef", {}).get("constraints", ()):
        if constraint["Constraint"].get("contype") != "CONSTR_FOREIGN":  # of new, empty columns
            yield constraint["Constraint"]


def share_of_rows(condition: Tree | None, table: RelationStatistics) -> tuple[float, bool]:
    """The share of `table` that `condition` keeps, and whether its statistics say so."""
    if condition is None:
        return 1.0, True
    if "BoolExpr" in condition:
        return _share_of_bool(condition["BoolExpr"], table)
    if "NullTest" in condition:
        test = condition["NullTest"]
        column = _column(test.get("arg", {}), table)
        if column is not None:
            nulls = column.null_fraction
            return (nulls if test["nulltesttype"] == "IS_NULL" else 1 - nulls), True
    if "A_Expr" in condition:
        expression = condition["A_Expr"]
        operator = [part["String"]["sval"] for part in expression.get("name", ())]
        column = _column(expression.get("lexpr", {}), table)
        if column is not None and column.distinct and operator[-1:] == ["="]:
            values = column.distinct if column.distinct > 0 else -column.distinct * table.rows
            listed = expression.get("rexpr", {})
            count = len(listed.get("List", {}).get("items", (1,))) if "List" in listed else 1
            return min(count * (1 - column.null_fraction) / max(values, 1), 1.0), True
    return UNKNOWN_SHARE, False


def _share_of_bool(expression: Tree, table: RelationStatistics) -> tuple[float, bool]:
    shares = [share_of_rows(argument, table) for argument in expression.get("args", ())]
    known = all(sure for _, sure in shares)
    match expression["boolop"]:
        case "AND_EXPR":
            product = 1.0
            for share, _ in shares:
                product *= share
            return product, known
        case "OR_EXPR":
            return min(sum(share for share, _ in shares), 1.0), known
    return 1 - shares[0][0], known


def _column(tree: Tree, table: RelationStatistics) -> Any:  # Any: ColumnStatistics or None
    fields = tree.get("ColumnRef", {}).get("fields", ())
    return table.column(fields[-1].get("String", {}).get("sval", "")) if fields else None
