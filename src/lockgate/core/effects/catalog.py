"""A Structure from a Catalog: what a database holds, as `postgres.catalog` reads it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from lockgate.core.catalog import Catalog, CatalogObject
from lockgate.core.ddl.text import split_list, split_signature
from lockgate.core.effects import tables
from lockgate.core.effects.applying import apply
from lockgate.core.effects.certainty import constraints_of
from lockgate.core.effects.reading import parts_of, read_constraint, read_index, read_type
from lockgate.core.effects.structure import (
    Column,
    ConstraintKind,
    Domain,
    Expression,
    Kind,
    Name,
    Relation,
    Routine,
    Structure,
)
from lockgate.core.effects.trees import body
from lockgate.core.names import parts_of as parts_in
from lockgate.core.parsed import ParsedStatement
from lockgate.core.sql.trees import parse, parse_expression, parse_type, quote_identifier

Properties = dict[str, str]
Reader = Callable[[Structure, CatalogObject, Properties], None]


def structure_of(catalog: Catalog) -> Structure:
    """The Structure of a Catalog; names without a schema are looked for in `public`."""
    structure = Structure(complete=True)
    by_kind: defaultdict[str, list[CatalogObject]] = defaultdict(list)
    for found in catalog.objects:
        by_kind[found.kind].append(found)
    for kind, read in READERS.items():
        for found in by_kind.get(kind, ()):
            read(structure, found, dict(found.properties))
    _in_order(structure, by_kind.get("column order", []))
    for kind in ("constraint", "index", "invalid index"):
        _statements(structure, kind, by_kind.get(kind, []))
    _link(structure)
    for kind in ("view", "materialized view"):
        _views(structure, by_kind.get(kind, []))
    for kind in ("trigger", "rule"):
        for parsed in parse("".join(f"{found.definition};\n" for found in by_kind.get(kind, ()))):
            apply(structure, parsed)
    return structure


def name_of(text: str) -> Name:
    """The schema and name that a Catalog spells, whatever comes after them."""
    parts = parts_in(text)
    return parts[-2], parts[-1]


def _table(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    kind = Kind.FOREIGN if found.kind == "foreign table" else Kind.TABLE
    if "partitioned by" in properties:
        kind = Kind.PARTITIONED
    table = Relation(name_of(found.name), kind)
    table.persistence = "u" if "unlogged" in properties else "p"
    if kind is Kind.PARTITIONED:
        (parsed,) = parse(f"CREATE TABLE a (a int) PARTITION BY {properties['partitioned by']}")
        table.partitioned_by = parsed.tree.get("partspec")
    if "." in properties.get("of type", ""):
        table.of_type = name_of(properties["of type"])
    if "bounds" in properties:
        (parsed,) = parse(f"CREATE TABLE a PARTITION OF b {properties['bounds']}")
        table.bound, table.partition = parsed.tree.get("partbound"), True
    parents = properties.get("partition of") or properties.get("inherits")
    table.parents = [name_of(name) for name in split_list(parents or "")]
    structure.add(table)


def _column(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    *place, name = parts_in(found.name)
    table = structure.relations.get((place[0], place[1]))
    if table is None or "type" not in properties:
        return
    column = Column(name, read_type(parse_type(properties["type"])))
    form = properties.get("not null")
    column.not_null, column.valid_not_null = form is not None, "not valid" not in (form or "")
    if "default" in properties:
        column.default = Expression(properties["default"])
    if "generated" in properties:
        column.generated, _, expression = properties["generated"].partition(" ")
        column.default = Expression(expression)
    if "collation" in properties:
        column.collation = parts_in(properties["collation"])
    if "identity" in properties:
        column.identity = True
        sequence = properties["identity"].partition("sequence ")[2]
        if sequence:
            column.sequence = name_of(sequence)
            structure.add(Relation(column.sequence, Kind.SEQUENCE, owned_by=(table.name, name)))
    column.local = properties.get("inherited") != "yes" and not table.partition
    table.columns[name] = column


def _attribute(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    *place, name = parts_in(found.name)
    composite = structure.relations.get((place[0], place[1]))
    if composite is not None:
        type_name = read_type(parse_type(properties.get("type", "")))
        composite.columns[name] = Column(name, type_name)


def _composite(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    if properties.get("form") == "composite":
        structure.add(Relation(name_of(found.name), Kind.COMPOSITE))


def _sequence(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    sequence = Relation(name_of(found.name), Kind.SEQUENCE)
    if "owned by" in properties:
        *table, column = parts_in(properties["owned by"])
        sequence.owned_by = (table[0], table[1]), column
    structure.add(sequence)


def _enum(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    labels = properties.get("labels", "")
    structure.enums[name_of(found.name)] = [_string(label) for label in split_list(labels)]


def _string(spelled: str) -> str:
    """What a string constant as quote_literal writes it means."""
    begin = spelled.index("'") + 1
    text = spelled[begin:-1].replace("''", "'")
    return text.replace("\\\\", "\\") if begin > 1 else text


def _domain(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    domain = Domain(read_type(parse_type(properties["type"])), "not null" in properties)
    if "default" in properties:
        domain.default = Expression(properties["default"])
    structure.domains[name_of(found.name)] = domain


def _domain_constraint(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    *place, name = parts_in(found.name)
    domain = structure.domains.get((place[0], place[1]))
    if domain is not None:
        domain.checks[name] = "not valid" not in properties


def _function(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    called, arguments = split_signature(found.name)
    routine = Routine(properties.get("volatility", "volatile")[0], properties.get("language", ""))
    routine.source = found.definition
    routine.arguments = len(split_list(arguments))
    result = properties.get("result")
    returns = f"RETURNS {result} " if result else ""
    word = found.kind.upper()
    routine.statement = (
        f"CREATE {word} {called}({properties.get('arguments', '')}) {returns}"
        f"LANGUAGE {routine.language} AS $lockgate${found.definition}$lockgate$"
    )
    structure.routines.setdefault(name_of(called), []).append(routine)


def _statistics(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    structure.statistics[name_of(found.name)] = name_of(properties["table"])


def _published(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    publication, table = split_list(found.name, ": ")
    structure.publications.setdefault(parts_in(publication)[0], []).append(name_of(table))


def _policy(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    *place, name = parts_in(found.name)
    table = structure.relations.get((place[0], place[1]))
    if table is not None:
        table.policies[name] = [
            parse_expression(properties[key])
            for key in ("using", "with check")
            if key in properties
        ]


def _not_null_constraint(
    structure: Structure, found: CatalogObject, properties: Properties
) -> None:
    parts = parts_in(found.name)
    structure.certainty.doubt(constraints_of(parts[1]))


def _schema(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    structure.schemas.add(parts_in(found.name)[0])


def _extension(structure: Structure, found: CatalogObject, properties: Properties) -> None:
    structure.certainty.extensions.add(parts_in(found.name)[0])


READERS: dict[str, Reader] = {
    "schema": _schema,
    "extension": _extension,
    "sequence": _sequence,
    "table": _table,
    "foreign table": _table,
    "type": _composite,
    "column": _column,
    "attribute": _attribute,
    "enum": _enum,
    "domain": _domain,
    "domain constraint": _domain_constraint,
    "policy": _policy,
    "not-null constraint": _not_null_constraint,
    "function": _function,
    "procedure": _function,
    "statistics": _statistics,
    "publication table": _published,
}


def _in_order(structure: Structure, orders: list[CatalogObject]) -> None:
    for found in orders:
        table = structure.relations.get(name_of(found.name))
        if table is None:
            continue
        wanted = [parts_in(name)[0] for name in split_list(found.definition)]
        if set(wanted) == set(table.columns):
            table.columns = {name: table.columns[name] for name in wanted}


def _statements(structure: Structure, kind: str, objects: list[CatalogObject]) -> None:
    """Puts in constraints or indexes, read as the statements that would make them."""
    made = [
        (
            found,
            dict(found.properties),
            _constraint(found) if kind == "constraint" else _index(found),
        )
        for found in objects
    ]
    script = "".join(f"{statement};\n" for _, _, statement in made)
    parsed = parse(script)
    if len(parsed) != len(made):  # one that cannot be read has pulled others along
        parsed = tuple(one for _, _, statement in made for one in parse(statement)[:1])
    for (found, properties, _), one in zip(made, parsed, strict=True):
        if one.problem is None:
            _put_in(structure, found, properties, one)


def _constraint(found: CatalogObject) -> str:
    schema, table, name = parts_in(found.name)
    place = f"{quote_identifier(schema)}.{quote_identifier(table)}"
    added = f"ADD CONSTRAINT {quote_identifier(name)} {found.definition}"
    return f"ALTER TABLE {place} {added}"


def _index(found: CatalogObject) -> str:
    properties = dict(found.properties)
    unique = "UNIQUE " if "unique" in properties else ""
    where = f" WHERE {properties['predicate']}" if "predicate" in properties else ""
    name = quote_identifier(name_of(found.name)[1])
    return (
        f"CREATE {unique}INDEX {name} ON {properties['table']} "
        f"USING {quote_identifier(properties['method'])} {properties['columns']}{where}"
    )


def _put_in(
    structure: Structure, found: CatalogObject, properties: Properties, parsed: ParsedStatement
) -> None:
    tree = parsed.tree
    table = structure.relations.get(name_of_range(tree.get("relation", {})))
    if table is None and parsed.kind == "IndexStmt":
        # Of a materialized view, which comes later.
        table = Relation(name_of_range(tree.get("relation", {})), Kind.MATERIALIZED)
        structure.add(table)
    if table is None:
        return
    if parsed.kind == "IndexStmt":
        index = read_index(tree, table)
        index.valid = found.kind == "index"
        index.clustered = "clustered" in properties
        if "attached to" in properties:
            index.parent = name_of(properties["attached to"])
        name = name_of(found.name)
        structure.add(Relation(name, Kind.INDEX, index=index))
        table.indexes.append(name)
        return
    command = body(tree["cmds"][0], "AlterTableCmd")
    node = body(command.get("def"), "Constraint")
    made = read_constraint(node, structure, table)
    made.valid = "validity" not in properties
    made.enforced = properties.get("validity") != "not enforced"
    made.no_inherit = "no inherit" in properties
    tables.keep_constraint(structure, table, made)
    holder = structure.relations.get(made.index) if made.index else None
    if holder is not None and holder.index is not None:
        holder.index.clustered = "clustered" in properties
        if "attached to" in properties:
            holder.index.parent = name_of(properties["attached to"])


def name_of_range(range_var: dict[str, str]) -> Name:
    """The name of a `RangeVar`, which a Catalog always qualifies."""
    parts = parts_of(range_var)
    return (parts[0], parts[1]) if len(parts) > 1 else ("public", parts[0])


def _link(structure: Structure) -> None:
    """Makes known to parents who their children are; to partitions, the foreign keys from above."""
    for relation in list(structure.relations.values()):
        for parent in relation.parents:
            above = structure.relations.get(parent)
            if above is not None:
                above.children.append(relation.name)
    for relation in list(structure.relations.values()):
        for constraint in relation.constraints.values():
            if constraint.kind is ConstraintKind.CHECK and not constraint.no_inherit:
                for child in structure.below(relation):
                    child.constraints.setdefault(constraint.name, replace(constraint))
        if relation.kind is not Kind.PARTITIONED:
            continue
        for constraint in relation.constraints.values():
            if constraint.references is None:
                continue
            for child in structure.below(relation):
                if constraint.name not in child.constraints:
                    child.constraints[constraint.name] = constraint
                    structure.refer(child.name, constraint)


def _views(structure: Structure, objects: list[CatalogObject]) -> None:
    for found in objects:
        name = name_of(found.name)
        kind = Kind.MATERIALIZED if found.kind == "materialized view" else Kind.VIEW
        view = structure.relations.get(name) or Relation(name, kind)
        view.kind = kind
        parsed = parse(found.definition)
        if len(parsed) == 1 and parsed[0].problem is None:
            view.uses = {parsed[0].kind: parsed[0].tree}
        structure.add(view)
