"""Constraints and indexes that PostgreSQL does not make, drop or use as a statement says."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.certainty import INDEXES_BY_CONVENTION, constraints_of
from lockgate.core.effects.names import chosen_name
from lockgate.core.effects.reading import parts_of, read_type
from lockgate.core.effects.structure import (
    TABLES,
    ConstraintKind,
    Index,
    Kind,
    Relation,
    Structure,
    TypeName,
)
from lockgate.core.effects.trees import body, nodes, object_name, only, words
from lockgate.core.parsed import Tree
from lockgate.core.refusals.columns import Action, Altered, named_in_key, needed
from lockgate.core.refusals.naming import there, wrong_kind
from lockgate.core.refusals.refusal import (
    Refusal,
    known,
    missing,
    refused,
    shown,
    taken,
)

_KEYS = ("CONSTR_PRIMARY", "CONSTR_UNIQUE")
_INDEXED = (*_KEYS, "CONSTR_EXCLUSION")


def added(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """ADD CONSTRAINT."""
    found = body(command.get("def"), "Constraint")
    table = asked.table
    name = found.get("conname")
    inherited = found.get("contype") == "CONSTR_CHECK" and any(
        name in asked.structure.get(parent).constraints for parent in table.parents
    )  # then both become one, if they say the same
    if name in table.constraints and name not in asked.constraints_dropped and not inherited:
        yield taken(
            f"constraint {name} of {shown(table.name)}",
            table.name[1],
            str(name),
            constraints_of(table.name[1]),
            relation=table.name,
        )
    yield from constraint(asked, found, words(found.get("keys") or found.get("fk_attrs")))


def added_with_column(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """The constraints that stand in an ADD COLUMN."""
    definition = body(command.get("def"), "ColumnDef")
    if definition.get("colname") in asked.table.columns:
        return
    for node in definition.get("constraints", ()):
        found = body(node, "Constraint")
        column = (definition.get("colname", ""),)
        yield from constraint(asked, found, column, definition.get("typeName"))


def constraint(
    asked: Altered, found: Tree, columns: tuple[str, ...], type_name: Tree | None = None
) -> Iterator[Refusal]:
    """One that is new; `columns` are those that it is over."""
    table, kind = asked.table, found.get("contype")
    if type_name is None:
        for column in columns:
            yield from asked.lacking(column)
    if kind in _INDEXED and "indexname" not in found:
        yield from _index_taken(asked, found.get("conname"))
    if kind == "CONSTR_PRIMARY":
        for own in table.constraints.values():
            if own.kind is ConstraintKind.PRIMARY and own.name not in asked.constraints_dropped:
                yield asked.refuses(
                    f"{shown(table.name)} has a primary key, {own.name}",
                    "drop that one before",
                    own.name,
                )
    if kind in _KEYS and "indexname" not in found:
        yield from _without_key_of_partitions(asked, set(columns))
    if "indexname" in found:
        yield from _uses_index(asked, found["indexname"])
    if kind == "CONSTR_FOREIGN":
        yield from _foreign(asked, found, columns, type_name)
    if kind == "CONSTR_CHECK":
        expression = found.get("raw_expr")
        if type_name is None and not asked.added:
            yield from needed(table, [expression])
        if any(inner == "SubLink" for inner, _ in nodes(expression)):
            yield asked.refuses("a CHECK asks no other rows", "write a trigger instead")
        alone = asked.only and not found.get("is_no_inherit")
        if table.kind is Kind.PARTITIONED and table.children and alone:
            said = "the constraint has to be added to the partitions too"
            yield asked.refuses(said, "leave out ONLY")


def _index_taken(asked: Altered, name: str | None) -> Iterator[Refusal]:
    if name is None:
        return
    other = asked.structure.relations.get((asked.table.name[0], name))
    if other is not None and other.known and name not in asked.constraints_dropped:
        if name in asked.table.constraints:
            return  # said of the constraint
        yield taken(f"{other.kind.value} {shown(other.name)}", name, relation=asked.table.name)


def _without_key_of_partitions(asked: Altered, columns: set[str]) -> Iterator[Refusal]:
    key = asked.table.partitioned_by
    if not isinstance(key, dict):
        return
    lacking = sorted(named_in_key(key) - columns)
    if lacking:
        yield asked.refuses(
            f"a unique index of a partitioned table is over its key too, and {lacking[0]} is not"
            " among the columns",
            "add the columns of the partition key to it",
        )


def _uses_index(asked: Altered, name: str) -> Iterator[Refusal]:
    structure, table = asked.structure, asked.table
    parts = (table.name[0], name)
    found = structure.relations.get(parts)
    if found is None:
        gone = parts in structure.certainty.gone
        if structure.complete or gone:
            yield missing(f"index {name}", name, INDEXES_BY_CONVENTION, relation=table.name)
        return
    index = found.index
    if index is None:
        if found.known:
            yield wrong_kind(found.name, found.kind, "index")
        return
    said = _unfit(index, table)
    holding = [c.name for c in structure.get(index.table).constraints.values() if c.index == parts]
    if holding:
        said = f"holds the constraint {holding[0]} already"
    if said:
        yield asked.refuses(f"{name} {said}", "create a unique index on its columns first", name)


def _unfit(index: Index, table: Relation) -> str:
    if index.table != table.name:
        return f"is an index of {shown(index.table)}"
    if not index.unique:
        return "is no unique index"
    if index.predicate is not None:
        return "leaves rows out"
    return "is over an expression" if index.expressions else ""


# Foreign keys


def _foreign(
    asked: Altered, found: Tree, columns: tuple[str, ...], type_name: Tree | None
) -> Iterator[Refusal]:
    structure = asked.structure
    parts = parts_of(found.get("pktable") or {})
    if parts == (asked.table.name[1],) and parts[-1] not in {n for _, n in structure.relations}:
        return  # of itself, while it is made
    kinds = (Kind.TABLE, Kind.PARTITIONED)
    yield from there(structure, parts, "table", kinds)
    far = known(structure, parts)
    if far is None or far.kind not in kinds:
        return
    wanted = words(found.get("pk_attrs"))
    if far.name == asked.table.name and (asked.adds_key or asked.added.intersection(wanted)):
        return
    for column in wanted:
        yield from needed(far, (), (column,))
    primary = next((c for c in far.constraints.values() if c.kind is ConstraintKind.PRIMARY), None)
    table, other = asked.table.name[1], far.name[1]
    if not wanted and primary is None:
        said = f"{shown(far.name)} has no primary key to reference"
        yield refused(said, _GIVE_KEY, other, table, relation=far.name)
        return
    wanted = wanted or (primary.columns if primary is not None else ())
    if not set(wanted) <= far.columns.keys():
        return
    if len(wanted) != len(columns):
        said = f"{len(columns)} columns do not reference {len(wanted)}"
        yield refused(said, "name as many on both sides", other, table)
    elif not _is_unique(structure, far, wanted):
        said = f"{shown(far.name)} has no unique constraint on {', '.join(wanted)}"
        yield refused(said, _GIVE_KEY, other, table, relation=far.name)
    elif len(columns) == 1 and not _comparable(asked, columns[0], type_name, far, wanted[0]):
        said = f"{columns[0]} and {wanted[0]} of {shown(far.name)} are of types without an ="
        yield refused(said, "give both columns one type", other, table, relation=far.name)
    elif far.persistence != "p" and asked.table.persistence == "p":
        said = f"{shown(far.name)} is unlogged, and a table that is not does not reference it"
        yield refused(said, "write SET LOGGED for it before", other, table, relation=far.name)


def _comparable(
    asked: Altered, column: str, type_name: Tree | None, far: Relation, wanted: str
) -> bool:
    """Whether PostgreSQL has an operator for the two columns, or nobody knows."""
    own = asked.table.columns.get(column)
    mine = own.type if own is not None else read_type(type_name)
    other = far.columns[wanted].type
    sorts = [_sort(asked.structure, found) for found in (mine, other)]
    return None in sorts or sorts[0] == sorts[1]


def _sort(structure: Structure, found: TypeName | None) -> str | None:
    """What sort a type of PostgreSQL's own is of, as far as operators go between types."""
    if found is None or found.array or found.schema or structure.domain(found) is not None:
        return None
    return next((sort for sort, names in _SORTS.items() if found.name in names), None)


_SORTS = {
    "number": ("int2", "int4", "int8", "numeric", "float4", "float8"),
    "text": ("text", "varchar", "bpchar"),
    "moment": ("date", "timestamp", "timestamptz"),
    "uuid": ("uuid",),
    "bool": ("bool",),
}


_GIVE_KEY = "give the referenced columns a primary key or a unique constraint first"


def _is_unique(structure: Structure, far: Relation, columns: tuple[str, ...]) -> bool:
    """Whether some unique index is over just those columns, or nobody knows that none is."""
    wanted = sorted(columns)
    if any(
        sorted(c.columns) == wanted
        for c in far.constraints.values()
        if c.kind in (ConstraintKind.PRIMARY, ConstraintKind.UNIQUE)
    ):
        return True
    for name in far.indexes:
        index = structure.get(name, Kind.INDEX).index
        if index is None or None in index.columns or index.predicate is not None:
            continue
        if index.unique and sorted(str(c) for c in index.columns) == wanted:
            return True
    return False


# Constraints that are there


def dropped(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """DROP CONSTRAINT."""
    if not command.get("missing_ok"):
        yield from _no_constraint(asked, command.get("name", ""))


def _no_constraint(asked: Altered, name: str) -> Iterator[Refusal]:
    table = asked.table
    if table.kind not in TABLES or table.parents or name in table.triggers:
        return
    if name in table.constraints or name in asked.constraints_added or not table.columns:
        return
    if _is_for_not_null(asked, name):
        return
    yield missing(
        f"constraint {name} of {shown(table.name)}",
        table.name[1],
        name,
        constraints_of(table.name[1]),
        relation=table.name,
        among=table.constraints,
    )


def _is_for_not_null(asked: Altered, name: str) -> bool:
    """Whether it may be one for NOT NULL, which have names since PostgreSQL 18."""
    if asked.version < 18:
        return False
    columns = [c.name for c in asked.table.columns.values() if c.not_null]
    usual = {chosen_name(asked.table.name[1], column, "not_null", ()) for column in columns}
    return bool(columns) and (name in usual or "null" in name or "nn" in name)


def validated(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """VALIDATE CONSTRAINT."""
    name = command.get("name", "")
    yield from _no_constraint(asked, name)
    own = asked.table.constraints.get(name)
    if own is not None and own.kind in (
        ConstraintKind.PRIMARY,
        ConstraintKind.UNIQUE,
        ConstraintKind.EXCLUDE,
    ):
        yield asked.refuses(
            f"{name} is no CHECK and no foreign key, and always valid",
            "leave the statement out",
            name,
        )


def identified(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """REPLICA IDENTITY USING INDEX."""
    found = body(command.get("def"), "ReplicaIdentityStmt")
    name, table = found.get("name", ""), asked.table
    if found.get("identity_type") != "i":
        return
    yield from _no_index(asked.structure, table, name)
    index = asked.structure.get((table.name[0], name), Kind.INDEX).index
    if index is None or index.table != table.name:
        return
    nullable = [c for c in index.columns if c in table.columns and not table.columns[c].not_null]
    said = _unfit(index, table)
    if not said and nullable:
        said = f"is over {nullable[0]}, which may be NULL"
    if said:
        yield asked.refuses(f"{name} {said}", "name a unique index on columns NOT NULL", name)


def logged(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """SET UNLOGGED of a table that a logged one references, and SET LOGGED the other way."""
    structure, table = asked.structure, asked.table
    if table.kind is Kind.PARTITIONED:
        if asked.version >= 18:
            yield asked.refuses("a partitioned table is neither logged nor not", "name partitions")
        return
    if command.get("subtype") == "AT_SetUnLogged":
        others = [user for user, _ in structure.foreign_keys_to(table.name)]
        word, persistence = "logged", "p"
    else:
        keys = [c.references for c in table.constraints.values() if c.references is not None]
        others = [structure.get(name) for name in keys]
        word, persistence = "unlogged", "u"
    for other in others:
        if other.known and other.name != table.name and other.persistence == persistence:
            said = f"{shown(table.name)} and {shown(other.name)}, which is {word}, share a"
            remedy = "do the same to the other table, in the right order"
            yield asked.refuses(f"{said} foreign key", remedy, other.name[1])
            return


def clustered(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """CLUSTER ON: that the table has such an index."""
    yield from _no_index(asked.structure, asked.table, command.get("name", ""))


def _no_index(structure: Structure, table: Relation, name: str) -> Iterator[Refusal]:
    if table.known and table.columns and (table.name[0], name) not in table.indexes:
        what = f"index {name} of {shown(table.name)}"
        yield missing(what, table.name[1], name, INDEXES_BY_CONVENTION, relation=table.name)


ACTIONS: dict[str, Action] = {
    "AT_AddConstraint": added,
    "AT_AddColumn": added_with_column,
    "AT_DropConstraint": dropped,
    "AT_ValidateConstraint": validated,
    "AT_ClusterOn": clustered,
    "AT_ReplicaIdentity": identified,
    "AT_SetLogged": logged,
    "AT_SetUnLogged": logged,
}


def renamed(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """RENAME CONSTRAINT."""
    table = known(structure, parts_of(tree.get("relation") or {}))
    if table is None or tree.get("renameType") != "OBJECT_TABCONSTRAINT":
        return
    asked = Altered(structure, 18, table)
    old, new = tree.get("subname", ""), tree.get("newname", "")
    yield from _no_constraint(asked, old)
    if new in table.constraints:
        what = f"constraint {new} of {shown(table.name)}"
        yield taken(what, table.name[1], new, old, relation=table.name)
    elif old in table.constraints and table.constraints[old].index is not None:
        yield from _index_taken(asked, new)


def commented(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """COMMENT ON CONSTRAINT."""
    parts = object_name(tree.get("object"))
    if tree.get("objtype") == "OBJECT_TABCONSTRAINT" and len(parts) > 1:
        table = known(structure, parts[:-1])
        if table is not None:
            yield from _no_constraint(Altered(structure, 18, table), parts[-1])


def clustered_by(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CLUSTER ... USING."""
    table = known(structure, parts_of(tree.get("relation") or {}))
    if table is not None and "indexname" in tree:
        yield from _no_index(structure, table, tree["indexname"])


# New tables and indexes


def made(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """What stands in a CREATE TABLE."""
    tree = tree.get("base", tree)
    name = structure.resolve(parts_of(tree.get("relation") or {}))
    if tree.get("if_not_exists") and name in structure.relations:
        return
    table = Relation(name, Kind.PARTITIONED if "partspec" in tree else Kind.TABLE)
    table.partitioned_by = tree.get("partspec")
    table.persistence = tree.get("relation", {}).get("relpersistence", "p")
    whole = not (tree.get("inhRelations") or "ofTypename" in tree)
    primary = 0
    elements = [only(node) for node in (*tree.get("tableElts", ()), *tree.get("constraints", ()))]
    defined = [found for kind, found in elements if kind == "ColumnDef"]
    names = [found.get("colname", "") for found in defined]
    whole = whole and not any(kind == "TableLikeClause" for kind, _ in elements)
    asked = Altered(structure, 18, table, added=frozenset(names))
    for twice in sorted({name for name in names if names.count(name) > 1}):
        yield asked.refuses(f"column {twice} is there twice", "leave one out")
    for definition in defined:
        for node in definition.get("constraints", ()):
            found = body(node, "Constraint")
            primary += found.get("contype") == "CONSTR_PRIMARY"
            column = (definition.get("colname", ""),)
            yield from constraint(asked, found, column, definition.get("typeName"))
    for kind, found in elements:
        if kind != "Constraint":
            continue
        columns = words(found.get("keys") or found.get("fk_attrs"))
        primary += found.get("contype") == "CONSTR_PRIMARY"
        for lacking in columns if whole else ():
            if lacking not in names:
                yield missing(f"column {lacking} in {shown(name)}", name[1], lacking)
        yield from constraint(asked, found, columns)
    if primary > 1:
        yield asked.refuses(f"{shown(name)} would have two primary keys", "leave one out")


def index_made(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE UNIQUE INDEX on a partitioned table."""
    table = known(structure, parts_of(tree.get("relation") or {}))
    if table is None or not tree.get("unique"):
        return
    columns = {only(node)[1].get("name", "") for node in tree.get("indexParams", ())}
    yield from _without_key_of_partitions(Altered(structure, 18, table), columns)
