"""What hangs on what in a Structure, and what a statement names: asked by several rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from lockgate.core.effects.reading import read_type
from lockgate.core.effects.structure import (
    ConstraintKind,
    Expression,
    Kind,
    Name,
    Relation,
    Structure,
    TypeName,
    spelled,
)
from lockgate.core.effects.trees import (
    Node,
    body,
    columns_in,
    literal,
    nodes,
    object_name,
    only,
    same,
    words,
)
from lockgate.core.parsed import Tree
from lockgate.core.reach import covers_key
from lockgate.core.rule import Seen, short

_VIEWS = (Kind.VIEW, Kind.MATERIALIZED)


def dropped(tree: Tree) -> Iterator[tuple[str, ...]]:
    """The names that a DROP gives."""
    for node in tree.get("objects", ()):
        yield object_name(node)


def relation_users(structure: Structure, name: Name, with_it: Iterable[Name]) -> Iterator[str]:
    """In words what uses a relation: foreign keys, views, and the constraint that an index serves.

    What belongs to a relation of `with_it` goes along and is not among them.
    """
    going = set(with_it)
    for table, constraint in structure.foreign_keys_to(name):
        if table.name not in going:
            yield f"foreign key {constraint.name} of {short(spelled(table.name))}"
    for view in structure.relations.values():
        if view.kind in _VIEWS and view.name not in going and _reads(structure, view, name):
            yield f"{view.kind.value} {short(spelled(view.name))}"
    relation = structure.relations.get(name)
    if relation is not None and relation.index is not None:
        table = structure.get(relation.index.table)
        for constraint in table.constraints.values():
            if constraint.index == name:
                yield f"{constraint.kind.value} {constraint.name}"


def constraint_users(structure: Structure, relation: Relation, name: str) -> Iterator[str]:
    """In words the foreign keys that need a primary key or unique constraint."""
    constraint = relation.constraints.get(name)
    keys = (ConstraintKind.PRIMARY, ConstraintKind.UNIQUE)
    if constraint is None or constraint.kind not in keys:
        return
    for table, key in structure.foreign_keys_to(relation.name):
        columns = key.referenced_columns
        primary = constraint.kind is ConstraintKind.PRIMARY
        if set(columns) == set(constraint.columns) or (not columns and primary):
            yield f"foreign key {key.name} of {short(spelled(table.name))}"


def column_users(
    structure: Structure, relation: Relation, column: str, *, keys: bool = True
) -> Iterator[str]:
    """In words the views, policies, triggers, generated columns and, with `keys`, foreign keys
    that use a column.
    """
    if not relation.known:
        return
    for view in structure.relations.values():
        reads = view.kind in _VIEWS and _reads(structure, view, relation.name)
        if reads and _asks_for(view, relation.name, column):
            yield f"{view.kind.value} {short(spelled(view.name))}"
    for name, expressions in relation.policies.items():
        if column in columns_in(expressions):
            yield f"policy {name}"
    for name, trigger in relation.fires.items():
        if column in trigger.columns | trigger.condition:
            yield f"trigger {name}"
    for other in relation.columns.values():
        default = other.default if other.generated and other.name != column else None
        if default is not None and column in columns_in(default.tree):
            yield f"generated column {other.name}"
    if keys:
        for table, key in structure.foreign_keys_to(relation.name):
            if column in key.referenced_columns and table.name != relation.name:
                yield f"foreign key {key.name} of {short(spelled(table.name))}"


def _asks_for(view: Relation, table: Name, column: str) -> bool:
    """Whether a view over a table has one of its columns; `*` is what it was for the view."""
    asked = columns_in(view.uses)
    return column in asked or ("*" in asked and column in view.stars.get(table, {column}))


def type_users(structure: Structure, parts: tuple[str, ...]) -> Iterator[str]:
    """In words the columns and domains that have a type, by its name in a DROP."""
    for relation in structure.relations.values():
        for column in relation.columns.values():
            if column.type is not None and _is_type(structure, column.type, parts):
                yield f"column {column.name} of {short(spelled(relation.name))}"
    for name, domain in structure.domains.items():
        if domain.base is not None and _is_type(structure, domain.base, parts):
            yield f"domain {short(spelled(name))}"


def _is_type(structure: Structure, type_name: TypeName, parts: tuple[str, ...]) -> bool:
    if type_name.name != parts[-1]:
        return False
    return type_name.schema in structure.path_for(parts) or (
        type_name.schema is None and len(parts) == 1
    )


def function_users(structure: Structure, parts: tuple[str, ...]) -> Iterator[str]:
    """In words what calls a function that no other has the name of: it would stand in the way."""
    if len(structure.routine(parts)) != 1:
        return
    for relation in structure.relations.values():
        table = short(spelled(relation.name))
        for trigger, function in relation.trigger_functions.items():
            if function.split(".")[-1] == parts[-1]:
                yield f"trigger {trigger} of {table}"
        for column in relation.columns.values():
            if _calls(column.default, parts):
                kind = "generated column" if column.generated else "the default of"
                yield f"{kind} {column.name} of {table}"
        for constraint in relation.constraints.values():
            if _calls(constraint.expression, parts):
                yield f"constraint {constraint.name} of {table}"
        index = relation.index
        if index is not None and any(
            _calls(e, parts) for e in (*index.expressions, index.predicate)
        ):
            yield f"index {table}"
        if relation.kind in _VIEWS and _names_function(relation.uses, parts):
            yield f"{relation.kind.value} {table}"


def _calls(expression: Expression | None, parts: tuple[str, ...]) -> bool:
    return expression is not None and _names_function(expression.tree, parts)


def _names_function(tree: Node, parts: tuple[str, ...]) -> bool:
    return any(
        kind == "FuncCall" and words(node.get("funcname"))[-1:] == parts[-1:]
        for kind, node in nodes(tree)
    )


def _reads(structure: Structure, view: Relation, name: Name) -> bool:
    return any(
        kind == "RangeVar" and _parts(node) and structure.resolve(_parts(node)) == name
        for kind, node in nodes(view.uses)
    )


def _parts(node: Node) -> tuple[str, ...]:
    schema, name = node.get("schemaname"), node.get("relname", "")
    return (schema, name) if schema else (name,)


def whole(
    where: Node | None,
    *,
    joined: bool = False,
    table: Tree | None = None,
    relation: Relation | None = None,
) -> bool:
    """Whether a WHERE leaves out no row for what stands in it: absent, `true`, or `1 = 1`.

    With the `relation` also one that is true of every row there, as `id > 0` of a numbered key.

    With `joined` also one that only compares columns, as a join does. A subquery leaves out none
    if it asks for nothing but the rows of the `table` (a RangeVar) itself, or for any row at all.
    """
    if not where:
        return True
    kind, found = only(where)
    match kind:
        case "BoolExpr" if found.get("boolop") == "AND_EXPR":
            parts = found.get("args", ())
            return all(whole(p, joined=joined, table=table, relation=relation) for p in parts)
        case "BoolExpr" if found.get("boolop") == "OR_EXPR":
            parts = found.get("args", ())
            return _null_or_not(parts) or any(
                whole(p, joined=joined, table=table, relation=relation) for p in parts
            )
        case "A_Const":
            return bool(found.get("boolval", {}).get("boolval"))
        case "SubLink":
            return _any_row(found, table or {})
        case "A_Expr" if words(found.get("name"))[-1:] == ("=",):
            return _equal(found, joined)
        case "A_Expr" if relation is not None:
            return covers_key(found, relation)
        case "NullTest" if relation is not None and found.get("nulltesttype") == "IS_NOT_NULL":
            named = words(body(found.get("arg"), "ColumnRef").get("fields"))[-1:]
            column = relation.columns.get(named[0]) if named else None
            return column is not None and column.not_null and column.valid_not_null
    return False


def _null_or_not(conditions: Sequence[Tree]) -> bool:
    """Whether one asks that something is NULL, and another that it is not."""
    tests = [test for condition in conditions if (test := body(condition, "NullTest"))]
    return any(
        one["nulltesttype"] != other["nulltesttype"] and same(one["arg"], other["arg"])
        for one, other in combinations(tests, 2)
    )


def _equal(comparison: Tree, joined: bool) -> bool:
    left, right = (comparison.get(side, {}) for side in ("lexpr", "rexpr"))
    kinds = {only(left)[0], only(right)[0]}
    if kinds == {"ColumnRef"}:
        return joined or same(left, right)
    return kinds == {"A_Const"} and literal(left) == literal(right)


def _any_row(link: Tree, table: Tree) -> bool:
    """Whether `IN (SELECT ...)` has every row of the table, or EXISTS asks for some row only."""
    kind, select = only(link.get("subselect", {}))
    sources = select.get("fromClause", ()) if kind == "SelectStmt" else ()
    narrowed = _NARROWING & select.keys() or not whole(select.get("whereClause"), table=table)
    source = body(next(iter(sources), {}), "RangeVar")
    if len(sources) != 1 or narrowed or not source:
        return False
    if link.get("subLinkType") == "EXISTS_SUBLINK":
        return True
    itself = source.get("relname") == table.get("relname")
    targets = [body(node, "ResTarget").get("val", {}) for node in select.get("targetList", ())]
    asked = body(link.get("testexpr"), "RowExpr").get("args") or [link.get("testexpr")]
    names = [
        (columns_in(one), columns_in(other)) for one, other in zip(asked, targets, strict=False)
    ]
    return (
        link.get("subLinkType") == "ANY_SUBLINK"
        and words(link.get("operName")) in ((), ("=",))
        and itself
        and len(targets) == len(asked)
        and all(one == other != frozenset() for one, other in names)
    )


_NARROWING = frozenset(("limitCount", "limitOffset", "havingClause", "groupClause", "larg"))


def joined_tables(seen: Seen) -> bool:
    """Whether an UPDATE, DELETE or MERGE joins, and only tables that were there before."""
    tree = seen.tree
    sources = [*tree.get("fromClause", ()), *tree.get("usingClause", ())]
    if "sourceRelation" in tree:
        sources.append(tree["sourceRelation"])
    written = {
        body(node, "CommonTableExpr").get("ctename")
        for node in tree.get("withClause", {}).get("ctes", ())
    }
    tables = [body(node, "RangeVar") for node in sources]
    return bool(tables) and all(
        table and table.get("relname") not in written and seen.exists(seen.name(table))
        for table in tables
    )


def merges(tree: Tree, command: str) -> bool:
    """Whether a MERGE does `command`, `CMD_UPDATE` or `CMD_DELETE`, to every row that it meets."""
    clauses = (body(node, "MergeWhenClause") for node in tree.get("mergeWhenClauses", ()))
    return any(c.get("commandType") == command and "condition" not in c for c in clauses)


_WIDTHS = (
    ("int8", "int4", "int2"),
    ("float8", "float4"),
    ("numeric", "int8"),
    ("numeric", "int4"),
    ("numeric", "int2"),
    ("numeric", "float8"),
    ("numeric", "float4"),
    ("float8", "int8"),
    ("float8", "int4"),
    ("float4", "int4"),
    ("timestamptz", "timestamp", "date"),
    ("timestamptz", "time"),
    ("timestamp", "time"),
    ("timetz", "time"),
    ("text", "varchar"),
    ("text", "bpchar"),
    ("varchar", "bpchar"),
)
"""Types that hold less, from left to right."""


_SECONDS = ("timestamp", "timestamptz", "time", "timetz")
"""Types that keep six digits of a second unless they say otherwise."""


def narrows(old: TypeName, new: TypeName) -> bool:
    """Whether `new` holds less than `old`, as far as their names and modifiers tell."""
    if old.array != new.array:
        return False
    if old.name == new.name and old.schema == new.schema:
        before = old.modifiers
        if before is None and new.name in _SECONDS:
            before = (6,)
        return _shorter(before, new.modifiers)
    for chain in _WIDTHS:
        both = old.name in chain and new.name in chain
        if both and chain.index(old.name) < chain.index(new.name):
            return new.name not in ("varchar", "bpchar") or new.modifiers is not None
    return False


def _shorter(old: tuple[object, ...] | None, new: tuple[object, ...] | None) -> bool:
    if new is None:
        return False
    if old is None:
        return True
    pairs = zip(old, new, strict=False)
    return any(isinstance(a, int) and isinstance(b, int) and b < a for a, b in pairs)


def typed_columns(seen: Seen) -> Iterator[tuple[str, str]]:
    """The columns that a CREATE TABLE or an ADD COLUMN makes, each with the name of its type."""
    elements = seen.tree.get("tableElts", [])
    definitions = [seen.action.get("def")] if seen.action else elements
    for definition in definitions:
        column = body(definition, "ColumnDef")
        names = column.get("typeName", {}).get("names", [])
        if column and names:
            read = read_type(column.get("typeName"))
            written = names[-1].get("String", {}).get("sval", "")
            named = written if "serial" in written else (read.name if read else written)
            yield column.get("colname", ""), named
