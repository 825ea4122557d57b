"""What statements about types and functions leave behind."""

from __future__ import annotations

from lockgate.core.effects.reading import parts_of, read_column, read_type
from lockgate.core.effects.structure import (
    Domain,
    Expression,
    Kind,
    Name,
    Relation,
    Routine,
    Structure,
)
from lockgate.core.effects.trees import body, is_null, literal, options, words
from lockgate.core.parsed import Tree


def create_enum(structure: Structure, tree: Tree) -> None:
    """CREATE TYPE ... AS ENUM."""
    structure.enums[structure.new_name(words(tree.get("typeName")))] = list(words(tree.get("vals")))


def create_range(structure: Structure, tree: Tree) -> None:
    """CREATE TYPE ... AS RANGE."""
    structure.ranges.add(structure.new_name(words(tree.get("typeName"))))


def alter_enum(structure: Structure, tree: Tree) -> None:
    """ALTER TYPE ... ADD VALUE and RENAME VALUE."""
    name = structure.resolve(words(tree.get("typeName")))
    for schema in (name[0], *structure.search_path):
        labels = structure.enums.get((schema, name[1]))
        if labels is not None and tree.get("newVal") not in labels:
            old = tree.get("oldVal")
            labels[:] = [tree.get("newVal", "") if label == old else label for label in labels]
            if not old:
                labels.append(tree.get("newVal", ""))
            return


def create_domain(structure: Structure, tree: Tree) -> None:
    """CREATE DOMAIN."""
    made = Domain(read_type(tree.get("typeName")))
    name = structure.new_name(words(tree.get("domainname")))
    for node in tree.get("constraints", ()):
        _domain_constraint(made, name[1], body(node, "Constraint"))
    structure.domains[name] = made


def _domain_constraint(domain: Domain, name: str, constraint: Tree) -> None:
    match constraint.get("contype"):
        case "CONSTR_NOTNULL":
            domain.not_null = True
        case "CONSTR_CHECK":
            label = constraint.get("conname") or f"{name}_check"
            number = 0
            while label in domain.checks:
                number += 1
                label = f"{name}_check{number}"
            domain.checks[label] = not constraint.get("skip_validation", False)
        case "CONSTR_DEFAULT" if not is_null(constraint.get("raw_expr")):
            domain.default = Expression(node=constraint.get("raw_expr"))
        case _:
            pass


def alter_domain(structure: Structure, tree: Tree) -> None:
    """ALTER DOMAIN."""
    parts = words(tree.get("typeName"))
    for schema in structure.path_for(parts):
        domain = structure.domains.get((schema, parts[-1]))
        if domain is None:
            continue
        match tree.get("subtype"):
            case "N" | "AD_DropNotNull":
                domain.not_null = False
            case "O" | "AD_SetNotNull":
                domain.not_null = True
            case "C" | "AD_AddConstraint":
                _domain_constraint(domain, parts[-1], body(tree.get("def"), "Constraint"))
            case "X" | "AD_DropConstraint":
                domain.checks.pop(tree.get("name", ""), None)
            case "V" | "AD_ValidateConstraint" if tree.get("name") in domain.checks:
                domain.checks[tree["name"]] = True
            case "T" | "AD_AlterDefault":
                default = tree.get("def")
                domain.default = Expression(node=default) if default else None
            case _:
                pass


def create_composite(structure: Structure, tree: Tree) -> None:
    """CREATE TYPE ... AS (...)."""
    made = Relation(structure.new_name(parts_of(tree.get("typevar", {}))), Kind.COMPOSITE)
    for node in tree.get("coldeflist", ()):
        column = read_column(body(node, "ColumnDef"), structure, made).column
        made.columns[column.name] = column
    structure.add(made)


def create_function(structure: Structure, tree: Tree) -> None:
    """CREATE FUNCTION and CREATE PROCEDURE."""
    found = options(tree.get("options"))
    made = Routine(arguments=len(tree.get("parameters", ())))
    made.language = str(literal(found.get("language")) or ("sql" if "sql_body" in tree else ""))
    made.volatility = str(literal(found.get("volatility")) or "volatile")[0]
    source = body(found.get("as"), "List").get("items", ())
    made.source = str(literal(source[-1])) if source else None
    name = structure.new_name(words(tree.get("funcname")))
    same = structure.routines.setdefault(name, [])
    if tree.get("replace"):
        same[:] = [other for other in same if other.arguments != made.arguments]
    same.append(made)


def alter_function(structure: Structure, tree: Tree) -> None:
    """ALTER FUNCTION, of which only the volatility matters here."""
    volatility = literal(options(tree.get("actions")).get("volatility"))
    if volatility:
        parts = words(body({"x": tree.get("func", {})}, "x").get("objname"))
        for routine in structure.routine(parts) if parts else ():
            routine.volatility = str(volatility)[0]


def routine_name(structure: Structure, parts: tuple[str, ...]) -> Name:
    """The function of that name, or the name that it would be made under."""
    for schema in structure.path_for(parts):
        if (schema, parts[-1]) in structure.routines:
            return schema, parts[-1]
    return structure.new_name(parts)
