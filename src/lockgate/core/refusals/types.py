"""Types that do not turn into each other, and functions that may answer otherwise tomorrow."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.facts import facts
from lockgate.core.effects.reading import parts_of, read_type
from lockgate.core.effects.structure import Kind, Structure, TypeName
from lockgate.core.effects.trees import Node, body, is_null, nodes, words
from lockgate.core.parsed import Tree
from lockgate.core.refusals.columns import Action, Altered
from lockgate.core.refusals.refusal import Refusal, known, missing, refused, shown, taken

_STRINGS = ("text", "varchar", "bpchar")


def retyped(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """ALTER COLUMN ... TYPE without a USING, or with a default, where no cast is made by itself."""
    name = command.get("name", "")
    column = asked.column(name)
    definition = body(command.get("def"), "ColumnDef")
    new = read_type(definition.get("typeName"))
    if column is None or column.type is None or new is None:
        return
    if asked.table.kind is Kind.COMPOSITE:  # has no values that would have to turn
        return
    if _turns(asked.structure, column.type, new, asked.version):
        return
    table, kind = asked.table.name[1], str(new)
    default = column.default is not None and not is_null(column.default.tree)
    if "raw_default" not in definition:
        yield refused(
            f"{name} does not turn from {column.type} into {kind} by itself",
            f"write USING {name}::{kind}, or what else makes one of the other",
            table,
            name,
            relation=asked.table.name,
        )
    elif default and not column.generated and name not in asked.freed:
        yield refused(
            f"the default of {name} does not turn from {column.type} into {kind} by itself",
            "write DROP DEFAULT before it and SET DEFAULT after it",
            table,
            name,
            relation=asked.table.name,
        )


def _turns(structure: Structure, old: TypeName, new: TypeName, version: int) -> bool:
    """Whether a value of one type is assigned to another, or nobody knows."""
    kinds = [_kind(structure, one, version) for one in (old, new)]
    if "unknown" in kinds or (new.name in _STRINGS and not new.array):
        return True
    if old.array != new.array:
        return False
    if "enum" in kinds:
        return kinds == ["enum", "enum"] and old.name == new.name
    return old.name == new.name or (old.name, new.name) in facts(version).assigned


def _kind(structure: Structure, found: TypeName, version: int) -> str:
    """`enum`, `own` for PostgreSQL's, or `unknown`."""
    schemas = structure.path_for(found.parts)
    if any((schema, found.name) in structure.enums for schema in schemas):
        return "enum"
    if structure.domain(found) is not None or found.schema or found.name in ("char", "any"):
        return "unknown"
    return "own" if found.name in facts(version).types else "unknown"


ACTIONS: dict[str, Action] = {"AT_AlterColumnType": retyped}


def domain_altered(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """ALTER DOMAIN: constraints that are not there, or there already."""
    parts = words(tree.get("typeName"))
    name = structure.new_name(parts)
    domain = structure.domains.get(name)
    given = tree.get("name", "")
    if name in structure.enums:
        yield refused(f"{shown(name)} is an enum and no domain", "write ALTER TYPE", name[1])
    if domain is None:
        return
    wanted = body(tree.get("def"), "Constraint").get("conname")
    if tree.get("subtype") in ("C", "AD_AddConstraint") and wanted in domain.checks:
        yield taken(f"constraint {wanted} of {shown(name)}", name[1], str(wanted))
    dropped = tree.get("subtype") in ("X", "AD_DropConstraint") and not tree.get("missing_ok")
    # One for NOT NULL has a name of its own since PostgreSQL 17.
    lacking = given not in domain.checks and "null" not in given and not domain.not_null
    if lacking and (dropped or tree.get("subtype") in ("V", "AD_ValidateConstraint")):
        yield missing(f"constraint {given} of {shown(name)}", name[1], given)


def indexed(structure: Structure, tree: Tree, version: int) -> Iterator[Refusal]:
    """CREATE INDEX over what may have another value tomorrow."""
    table = known(structure, parts_of(tree.get("relation") or {}))
    names = (
        (table.name[1],) if table is not None else (tree.get("relation", {}).get("relname", ""),)
    )
    for where, node in (("index", tree.get("indexParams")), ("WHERE", tree.get("whereClause"))):
        for function in _changing(structure, node, version):
            said = f"an index asks for functions that are IMMUTABLE, and {function} is not"
            yield refused(said, _FIX[where], *names, function)
    if any(kind == "SubLink" for kind, _ in nodes(tree.get("whereClause"))):
        yield refused("the WHERE of an index asks no other rows", "leave it out", *names)


_FIX = {
    "index": "use a function that is, such as one that is told the time zone",
    "WHERE": "compare with a constant, or leave the WHERE out",
}


def _changing(structure: Structure, node: Node, version: int) -> Iterator[str]:
    """Functions in an expression that are known not to be IMMUTABLE."""
    for kind, found in nodes(node):
        if kind == "SQLValueFunction":
            yield found.get("op", "").removeprefix("SVFOP_").removesuffix("_N").lower()
        if kind != "FuncCall":
            continue
        name = words(found.get("funcname"))
        own = structure.routine(name)
        if own:
            # One in SQL may be replaced by its body, which may be.
            if all(r.volatility != "i" and r.language == "plpgsql" for r in own):
                yield name[-1]
        elif (len(name) == 1 or name[-2] == "pg_catalog") and name[-1] in facts(version).mutable:
            yield name[-1]


def generated(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """A generated column over what may have another value tomorrow, or over another one."""
    for node in body(command.get("def"), "ColumnDef").get("constraints", ()):
        found = body(node, "Constraint")
        if found.get("contype") != "CONSTR_GENERATED":
            continue
        for function in _changing(asked.structure, found.get("raw_expr"), asked.version):
            said = (
                f"a generated column asks for functions that are IMMUTABLE, and {function} is not"
            )
            yield asked.refuses(said, "write a trigger or a default instead", function)


ACTIONS["AT_AddColumn"] = generated
