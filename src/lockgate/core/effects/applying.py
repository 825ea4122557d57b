"""What a statement leaves behind: changes a Structure as PostgreSQL would change the database.

A statement that cannot be read, or that PostgreSQL would refuse, changes nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lockgate.core.effects import altering, tables, types
from lockgate.core.effects.names import index_column_names
from lockgate.core.effects.reading import (
    ON_TABLE,
    RELATION_KINDS,
    ColumnReading,
    index_elements,
    index_name,
    parts_of,
    read_column,
    read_index,
)
from lockgate.core.effects.structure import (
    Column,
    Kind,
    Name,
    Relation,
    Structure,
    Trigger,
)
from lockgate.core.effects.trees import (
    Node,
    body,
    columns_in,
    literal,
    nodes,
    object_name,
    only,
    options,
    words,
)
from lockgate.core.parsed import ParsedStatement, Tree
from lockgate.core.sql.trees import parse, parse_plpgsql

Apply = Callable[[Structure, Tree], None]


def apply(structure: Structure, parsed: ParsedStatement) -> None:
    """Changes `structure` as the statement would."""
    apply_node(structure, parsed.kind, parsed.tree)
    if parsed.kind == "CreateFunctionStmt":
        for routine in structure.routine(words(parsed.tree.get("funcname")))[-1:]:
            routine.statement = parsed.sql
    elif parsed.kind == "DoStmt":
        for inner in statements_within(parsed.sql):
            apply(structure, inner)


def apply_node(structure: Structure, kind: str, tree: Tree) -> None:
    """Changes `structure` as the statement of that node would."""
    change = CHANGES.get(kind)
    if change is not None:
        change(structure, tree)


def statements_within(sql: str) -> Iterator[ParsedStatement]:
    """The statements that stand in a DO block, as if each ran once."""
    for kind, found in nodes(parse_plpgsql(sql) or []):
        if kind == "PLpgSQL_stmt_execsql":
            text = body(found.get("sqlstmt"), "PLpgSQL_expr").get("query", "")
            yield from (parsed for parsed in parse(text) if parsed.problem is None)


# Tables


def create_table(structure: Structure, tree: Tree) -> None:
    """CREATE TABLE, also PARTITION OF, INHERITS, OF and LIKE."""
    table = new_table(structure, tree)
    if table.name in structure.relations:
        return
    structure.add(table)
    for parent in table.parents:
        above = structure.get(parent)
        above.children.append(table.name)
        if table.partition:
            tables.inherit_triggers(above, table)
            for index in list(above.indexes):
                tables.attach_index(structure, structure.get(index), table)
            for name, foreign_key in above.constraints.items():
                if name not in table.constraints and foreign_key.index is None:
                    table.constraints[name] = foreign_key
                    structure.refer(table.name, foreign_key)


def _create_foreign_table(structure: Structure, tree: Tree) -> None:
    base = tree.get("base", tree)
    create_table(structure, base)
    table = structure.find(parts_of(base.get("relation", {})))
    if table.kind is Kind.TABLE:
        table.kind = Kind.FOREIGN


def new_table(structure: Structure, tree: Tree) -> Relation:
    """The table of a CREATE TABLE, before it is put in; its indexes and sequences are put in."""
    range_var = tree.get("relation", {})
    kind = Kind.PARTITIONED if "partspec" in tree else Kind.TABLE
    table = Relation(_new_name(structure, range_var), kind)
    table.persistence = range_var.get("relpersistence", "p")
    table.partitioned_by = tree.get("partspec")
    table.bound = tree.get("partbound")
    table.partition = table.bound is not None
    table.tablespace = tree.get("tablespacename")
    for node in tree.get("inhRelations", ()):
        parent = structure.find(parts_of(node.get("RangeVar", {})))
        table.parents.append(parent.name)
        table.columns.update({n: _inherited(c) for n, c in parent.columns.items()})
        table.constraints.update(
            {
                name: constraint
                for name, constraint in parent.constraints.items()
                if constraint.kind == "check" and not constraint.no_inherit
            }
        )
    if "ofTypename" in tree:
        typed = structure.find(words(tree["ofTypename"].get("names")), Kind.COMPOSITE)
        table.of_type = typed.name
        table.columns.update({n: _inherited(c) for n, c in typed.columns.items()})
    if table.name in structure.relations:
        return table  # it exists: IF NOT EXISTS, or an error
    for node in [*tree.get("tableElts", ()), *tree.get("constraints", ())]:
        _table_element(structure, table, node)
    # A new table has no rows that NOT VALID could leave unread.
    for constraint in table.constraints.values():
        constraint.valid = constraint.enforced
    return table


def _new_name(structure: Structure, range_var: Tree) -> Name:
    """The name of a table or a view that is made."""
    if range_var.get("relpersistence") == "t":
        return "pg_temp", range_var.get("relname", "")
    return structure.new_name(parts_of(range_var))


def _inherited(column: Column) -> Column:
    # Without what the parent's column owns.
    return Column(
        column.name,
        column.type,
        column.not_null,
        column.valid_not_null,
        column.default,
        generated=column.generated,
        collation=column.collation,
        local=False,
    )


def _table_element(structure: Structure, table: Relation, node: Tree) -> None:
    kind, found = only(node)
    if kind == "ColumnDef":
        reading = read_column(found, structure, table)
        if found.get("typeName") is None and reading.column.name in table.columns:
            reading.column.type = table.columns[reading.column.name].type
        tables.add_column(structure, table, reading)
        reading.column.valid_not_null = True
    elif kind == "Constraint":
        tables.add_constraint(structure, table, found)
    elif kind == "TableLikeClause":
        _like(structure, table, found)


LIKE_CONSTRAINTS, LIKE_DEFAULTS, LIKE_GENERATED, LIKE_IDENTITY, LIKE_INDEXES = 4, 8, 16, 32, 64


def _like(structure: Structure, table: Relation, found: Tree) -> None:
    source = structure.find(parts_of(found.get("relation", {})))
    wanted = found.get("options", 0) & 0xFFFFFFFF
    for name, column in source.columns.items():
        copied = Column(name, column.type, column.not_null, column.valid_not_null)
        copied.collation = column.collation
        if (column.generated and wanted & LIKE_GENERATED) or wanted & LIKE_DEFAULTS:
            copied.default, copied.generated = column.default, column.generated
        tables.add_column(structure, table, ColumnReading(copied))
    for name, constraint in source.constraints.items():
        if constraint.kind == "check" and wanted & LIKE_CONSTRAINTS:
            table.constraints[name] = constraint
    if wanted & LIKE_INDEXES:
        for index in source.indexes:
            tables.attach_index(structure, structure.get(index), table, inherit=False)


def create_as(structure: Structure, tree: Tree) -> None:
    """CREATE TABLE AS and CREATE MATERIALIZED VIEW."""
    into = tree.get("into", {})
    materialized = tree.get("objtype") == "OBJECT_MATVIEW"
    _into(structure, into, tree.get("query"), materialized=materialized)


def select_into(structure: Structure, tree: Tree) -> None:
    """SELECT ... INTO; and the search_path that pg_dump sets by a function."""
    if "intoClause" in tree:
        _into(structure, tree["intoClause"], None, materialized=False)
        return
    for node in tree.get("targetList", ()):
        call = body(body(node, "ResTarget").get("val"), "FuncCall")
        arguments = call.get("args", ())
        sets = words(call.get("funcname"))[-1:] == ("set_config",) and len(arguments) > 1
        if sets and literal(arguments[0]) == "search_path":
            path = str(literal(arguments[1]) or "")
            set_search_path(structure, tuple(_names_in(path)))


def _names_in(path: str) -> Iterator[str]:
    """The schemas that the text of a search_path lists; a comma within quotes parts nothing."""
    for quoted, plain in _LISTED.findall(path):
        if quoted or plain.strip():
            yield quoted[1:-1].replace('""', '"') if quoted else plain.strip().lower()


_LISTED = re.compile(r'("(?:[^"]|"")*")|([^",]+)')


def _into(structure: Structure, into: Tree, query: Node, *, materialized: bool) -> None:
    range_var = into.get("rel", {})
    kind = Kind.MATERIALIZED if materialized else Kind.TABLE
    made = Relation(_new_name(structure, range_var), kind)
    made.persistence = range_var.get("relpersistence", "p")
    made.uses = query if materialized else None
    made.stars = _stars(structure, made.uses)
    if made.name not in structure.relations:
        structure.add(made)


def create_view(structure: Structure, tree: Tree) -> None:
    """CREATE VIEW."""
    range_var = tree.get("view", {})
    name = _new_name(structure, range_var)
    if any(_is_temporary(structure, found) for _, found in nodes([tree.get("query")])):
        name = "pg_temp", name[1]
    made = structure.relations.get(name) or Relation(name, Kind.VIEW)
    made.uses = tree.get("query")
    made.aliases = words(tree.get("aliases"))
    made.stars = _stars(structure, made.uses)
    structure.add(made)


def _is_temporary(structure: Structure, node: Tree) -> bool:
    """Whether a node names a temporary relation, which makes a view temporary too."""
    return "relname" in node and structure.resolve(parts_of(node))[0] == "pg_temp"


def _stars(structure: Structure, query: Node) -> dict[Name, frozenset[str]]:
    """The columns of each table that a query reads, where it asks for all of them."""
    if "*" not in columns_in(query):
        return {}
    read = [structure.find(parts_of(found)) for kind, found in nodes(query) if kind == "RangeVar"]
    return {table.name: frozenset(table.columns) for table in read if table.columns}


def create_sequence(structure: Structure, tree: Tree) -> None:
    """CREATE SEQUENCE."""
    range_var = tree.get("sequence", {})
    made = Relation(_new_name(structure, range_var), Kind.SEQUENCE)
    made.persistence = range_var.get("relpersistence", "p")
    if made.name not in structure.relations:
        structure.add(made)
        _own_sequence(structure, made, tree)


def alter_sequence(structure: Structure, tree: Tree) -> None:
    """ALTER SEQUENCE, of which only OWNED BY matters here."""
    found = structure.relations.get(structure.resolve(parts_of(tree.get("sequence", {}))))
    if found is not None:
        _own_sequence(structure, found, tree)


def _own_sequence(structure: Structure, sequence: Relation, tree: Tree) -> None:
    owner = options(tree.get("options")).get("owned_by")
    parts = object_name(owner)
    if parts and parts != ("none",):
        structure.own(sequence, (structure.resolve(parts[:-1]), parts[-1]))
    elif parts:
        structure.own(sequence, None)


# Indexes


def create_index(structure: Structure, tree: Tree) -> None:
    """CREATE INDEX, on a partitioned table also those of its partitions."""
    table = structure.find(parts_of(tree.get("relation", {})))
    index = read_index(tree, table)
    name = tree.get("idxname") or index_name(
        index_column_names(index_elements(tree)), "idx", structure, table
    )
    made = Relation((table.name[0], name), Kind.INDEX, index=index)
    if made.name in structure.relations:
        return
    structure.add(made)
    table.indexes.append(made.name)
    if table.kind is Kind.PARTITIONED:
        if not tree.get("relation", {}).get("inh", False):
            index.valid = False
            return
        for child in table.children:
            tables.attach_index(structure, made, structure.get(child))


# Dropping and renaming


def drop(structure: Structure, tree: Tree) -> None:
    """DROP of anything."""
    kind = tree.get("removeType", "")
    for node in tree.get("objects", ()):
        parts = object_name(node)
        if kind in RELATION_KINDS:
            drop_relation(structure, structure.resolve(parts))
        elif kind == "OBJECT_SCHEMA":
            structure.schemas.discard(parts[0])
            for name in [name for name in structure.relations if name[0] == parts[0]]:
                drop_relation(structure, name)
        elif kind in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
            for schema in structure.path_for(parts):
                structure.domains.pop((schema, parts[-1]), None)
                structure.enums.pop((schema, parts[-1]), None)
                structure.ranges.discard((schema, parts[-1]))
            drop_relation(structure, structure.resolve(parts))
        elif kind in ("OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE"):
            structure.routines.pop(types.routine_name(structure, parts), None)
        elif kind in ON_TABLE and len(parts) > 1:
            table = structure.find(parts[:-1])
            table.triggers.pop(parts[-1], None)
            table.trigger_functions.pop(parts[-1], None)
            table.fires.pop(parts[-1], None)
            table.policies.pop(parts[-1], None)
            table.rules.pop(parts[-1], None)
            table.unmoved.discard(parts[-1])
        elif kind == "OBJECT_STATISTIC_EXT":
            structure.statistics.pop(structure.resolve(parts), None)
        elif kind == "OBJECT_PUBLICATION":
            structure.publications.pop(parts[-1], None)


def drop_relation(structure: Structure, name: Name) -> None:
    """Takes a relation out with what goes with it: partitions, constraints, indexes below."""
    relation = structure.relations.get(name)
    if relation is None:
        return
    for child in list(relation.children):
        drop_relation(structure, child)
    if relation.index is not None:
        for other in list(structure.parts_of_index(name)):
            drop_relation(structure, other.name)
    for table, constraint in list(structure.foreign_keys_to(name)):
        table.constraints.pop(constraint.name, None)
    structure.remove(name)


def rename(structure: Structure, tree: Tree) -> None:
    """ALTER ... RENAME."""
    kind = tree.get("renameType", "")
    new = tree.get("newname", "")
    if kind in RELATION_KINDS:
        old = structure.resolve(parts_of(tree.get("relation", {})))
        index = structure.get(old).index
        if index is not None:
            table = structure.get(index.table)
            for held in [c for c in table.constraints.values() if c.index == old]:
                tables.rename_constraint(structure, table, held.name, new)
        structure.rename(old, (old[0], new))
    elif kind == "OBJECT_COLUMN" and "relation" in tree:
        table = structure.find(parts_of(tree["relation"]))
        for relation in structure.with_below(table):
            tables.rename_column(structure, relation, tree.get("subname", ""), new)
    elif kind == "OBJECT_TABCONSTRAINT":
        tables.rename_constraint(
            structure, structure.find(parts_of(tree["relation"])), tree.get("subname", ""), new
        )
    elif kind == "OBJECT_SCHEMA":
        structure.schemas.discard(tree.get("subname", ""))
        structure.schemas.add(new)
        for name in [name for name in structure.relations if name[0] == tree.get("subname")]:
            structure.rename(name, (new, name[1]))
    elif kind in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
        old = structure.new_name(object_name(tree.get("object")))
        if old in structure.domains:
            structure.domains[(old[0], new)] = structure.domains.pop(old)
        if old in structure.enums:
            structure.enums[(old[0], new)] = structure.enums.pop(old)


def set_schema(structure: Structure, tree: Tree) -> None:
    """ALTER ... SET SCHEMA; a table takes its indexes and its sequences along."""
    if tree.get("objectType") not in RELATION_KINDS or "relation" not in tree:
        return
    new = tree.get("newschema", "")
    name = structure.resolve(parts_of(tree["relation"]))
    relation = structure.relations.get(name)
    if relation is None:
        return
    along = [*relation.indexes, *(sequence.name for sequence in structure.sequences_of(name))]
    for moved in [*along, name]:
        structure.rename(moved, (new, moved[1]))


# What hangs on a table


def create_trigger(structure: Structure, tree: Tree) -> None:
    """CREATE TRIGGER, on a partitioned table also those of its partitions."""
    table = structure.find(parts_of(tree.get("relation", {})))
    level = "row" if tree.get("row") else "statement"
    on = structure.with_below(table) if table.kind is Kind.PARTITIONED and level == "row" else ()
    for relation in [table, *on]:
        relation.triggers[tree.get("trigname", "")] = level
        relation.trigger_functions[tree.get("trigname", "")] = words(tree.get("funcname"))[-1]
        relation.fires[tree.get("trigname", "")] = Trigger(
            words(tree.get("funcname")),
            tree.get("events", 0),
            frozenset(words(tree.get("columns"))),
            columns_in(tree.get("whenClause")),
        )


def create_rule(structure: Structure, tree: Tree) -> None:
    """CREATE RULE."""
    table = structure.find(parts_of(tree.get("relation", {})))
    table.rules[tree.get("rulename", "")] = tree.get("actions", [])
    table.rule_events[tree.get("rulename", "")] = tree.get("event", "")
    table.unmoved.discard(tree.get("rulename", ""))
    if tree.get("instead") and not tree.get("actions") and "whereClause" not in tree:
        table.unmoved.add(tree.get("rulename", ""))


def create_policy(structure: Structure, tree: Tree) -> None:
    """CREATE POLICY."""
    table = structure.find(parts_of(tree.get("table", {})))
    table.policies[tree.get("policy_name", "")] = [tree.get("qual"), tree.get("with_check")]


def create_statistics(structure: Structure, tree: Tree) -> None:
    """CREATE STATISTICS."""
    parts = words(tree.get("defnames"))
    for node in tree.get("relations", ())[:1]:
        table = structure.find(parts_of(body(node, "RangeVar")))
        if parts:
            structure.statistics[structure.new_name(parts)] = table.name


def create_publication(structure: Structure, tree: Tree) -> None:
    """CREATE PUBLICATION."""
    structure.publications[tree.get("pubname", "")] = published(structure, tree)


def alter_publication(structure: Structure, tree: Tree) -> None:
    """ALTER PUBLICATION ... ADD, DROP and SET of tables."""
    listed = structure.publications.setdefault(tree.get("pubname", ""), [])
    named = published(structure, tree)
    match tree.get("action", "AP_AddObjects"):
        case "AP_AddObjects" | "DEFELEM_ADD":
            listed.extend(name for name in named if name not in listed)
        case "AP_DropObjects" | "DEFELEM_DROP":
            listed[:] = [name for name in listed if name not in named]
        case _ if named:
            listed[:] = named


def published(structure: Structure, tree: Tree) -> list[Name]:
    """The tables that a statement on a publication names."""
    found = []
    for node in tree.get("pubobjects", ()):
        range_var = body(node, "PublicationObjSpec").get("pubtable", {}).get("relation", {})
        if range_var:
            found.append(structure.find(parts_of(range_var)).name)
    return found


# The session


def set_variable(structure: Structure, tree: Tree) -> None:
    """SET, of which search_path and TimeZone matter here."""
    name = tree.get("name", "").lower()
    values = [str(literal(node)) for node in tree.get("args", ())]
    reset = tree.get("kind") in ("VAR_SET_DEFAULT", "VAR_RESET", "VAR_RESET_ALL")
    if name == "search_path" or tree.get("kind") == "VAR_RESET_ALL":
        set_search_path(structure, ("public",) if reset else tuple(values))
    elif name == "timezone":
        structure.time_zone = values[0] if values and not reset else ""


def set_search_path(structure: Structure, schemas: tuple[str, ...]) -> None:
    """Changes where names without a schema are looked for."""
    kept = tuple(s for s in schemas if s and s not in ("$user", "pg_catalog"))
    structure.search_path = kept or ("public",)


def create_schema(structure: Structure, tree: Tree) -> None:
    """CREATE SCHEMA with what it holds."""
    before = structure.search_path
    structure.schemas.add(tree.get("schemaname", ""))
    structure.search_path = (tree.get("schemaname") or before[0], *before)
    for node in tree.get("schemaElts", ()):
        apply_node(structure, *only(node))
    structure.search_path = before


def create_extension(structure: Structure, tree: Tree) -> None:
    """CREATE EXTENSION, whose objects are not here."""
    structure.certainty.extensions.add(tree.get("extname", ""))


def prepare(structure: Structure, tree: Tree) -> None:
    """PREPARE."""
    structure.prepared[tree.get("name", "")] = tree.get("query", {})


CHANGES: dict[str, Apply] = {
    "CreateStmt": create_table,
    "CreateForeignTableStmt": _create_foreign_table,
    "CreateTableAsStmt": create_as,
    "SelectStmt": select_into,
    "ViewStmt": create_view,
    "CreateSeqStmt": create_sequence,
    "AlterSeqStmt": alter_sequence,
    "IndexStmt": create_index,
    "AlterTableStmt": altering.alter_table,
    "DropStmt": drop,
    "RenameStmt": rename,
    "AlterObjectSchemaStmt": set_schema,
    "CreateEnumStmt": types.create_enum,
    "CreateRangeStmt": types.create_range,
    "AlterEnumStmt": types.alter_enum,
    "CreateDomainStmt": types.create_domain,
    "AlterDomainStmt": types.alter_domain,
    "CompositeTypeStmt": types.create_composite,
    "CreateFunctionStmt": types.create_function,
    "AlterFunctionStmt": types.alter_function,
    "CreateTrigStmt": create_trigger,
    "RuleStmt": create_rule,
    "CreatePolicyStmt": create_policy,
    "CreateStatsStmt": create_statistics,
    "CreatePublicationStmt": create_publication,
    "AlterPublicationStmt": alter_publication,
    "VariableSetStmt": set_variable,
    "CreateSchemaStmt": create_schema,
    "CreateExtensionStmt": create_extension,
    "PrepareStmt": prepare,
}
