"""A view, function, type or extension is dropped and not made again in the same transaction.

Code that uses it fails from the moment of the commit; until it is there again, if a later
transaction makes it. So does code that reads a column which a view made again has no more.

Use CREATE OR REPLACE where it will do, or BEGIN before the drop and COMMIT when it is made again.
Otherwise drop it when no running code uses it, and say so:
`-- lockgate: allow LG032 because no code calls it since release 41`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lockgate.core.dependents import dropped
from lockgate.core.effects.drop import tables_with_type
from lockgate.core.effects.trees import Node, body, only, words
from lockgate.core.finding import Severity
from lockgate.core.rule import END, Family, Hazard, Seen, Unit, listed

CODE = "LG032"
NAME = "object-dropped"
FAMILY = Family.BREAKS
SEVERITY = Severity.WARNING
ON = (
    "DropStmt",
    "ViewStmt",
    "CreateFunctionStmt",
    "CompositeTypeStmt",
    "CreateEnumStmt",
    "CreateDomainStmt",
    "CreateRangeStmt",
    "DefineStmt",
    END,
)

BAD = "DROP VIEW open_orders;"
GOOD = """\
CREATE OR REPLACE VIEW open_orders AS SELECT * FROM orders WHERE closed IS NULL;
"""
BAD_ALEMBIC = """\
op.execute("DROP VIEW open_orders")
"""
GOOD_ALEMBIC = """\
op.execute("CREATE OR REPLACE VIEW open_orders AS SELECT * FROM orders WHERE closed IS NULL")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Notes a drop, or that the thing came back; END says what stayed away."""
    tree, gone = seen.tree, seen.unit.note(NAME)
    if seen.kind == "DropStmt":
        kind = _DROPPED.get(tree.get("removeType", ""))
        for parts in dropped(tree) if kind else ():
            remade = (kind, parts[-1]) in seen.unit.note("things made")
            if not remade and not _is_absent(seen, parts):
                hazard = Hazard(
                    f"breaks code that uses {kind} {'.'.join(parts)}",
                    "drop it when no running code uses it, and say so with `lockgate: allow`",
                    statement=seen.index,
                    line=seen.line,
                )
                columns = _columns(seen.structure.find(parts).uses) if kind == "view" else None
                gone[kind, parts[-1]] = hazard, seen.unit.transaction, columns
    else:
        made = _made(seen)
        hazard, transaction, columns = gone.pop(made, (None, 0, None))
        lost = _lost(columns, seen) if hazard is not None and seen.kind == "ViewStmt" else []
        if lost:
            message = f"{hazard.message} and reads {listed(lost)}: it is made again without"
            remedy = "keep what running code reads, and leave it out later"
            gone[made, seen.index] = replace(hazard, message=message, remedy=remedy), 0, None
        elif hazard is not None and not (transaction and transaction == seen.unit.transaction):
            message = f"{hazard.message} until line {seen.line} makes it again"
            remedy = "drop it and make it again in one transaction"
            gone[made, seen.index] = replace(hazard, message=message, remedy=remedy), 0, None
        seen.unit.note("things made")[made] = True
    yield from ()


def _is_absent(seen: Seen, parts: tuple[str, ...]) -> bool:
    """Whether it is not there, or a type that no column is of; aggregates are not known."""
    if not seen.unit.complete:
        return False
    match seen.tree.get("removeType"):
        case "OBJECT_VIEW":
            return seen.structure.resolve(parts) not in seen.structure.relations
        case "OBJECT_FUNCTION" | "OBJECT_PROCEDURE":
            return not seen.structure.routine(parts)
        case "OBJECT_TYPE" | "OBJECT_DOMAIN":
            structure, name = seen.structure, seen.structure.resolve(parts)
            types = (structure.enums, structure.domains, structure.ranges)
            made = {*structure.relations}.union(*types)
            return name not in made and not any(tables_with_type(structure, parts))
        case _:
            return False


def finish(unit: Unit) -> Iterator[Hazard]:
    """What was dropped and did not come back, or not at once."""
    for hazard, *_ in unit.note(NAME).values():
        yield hazard


def _lost(columns: tuple[str, ...] | None, seen: Seen) -> list[str]:
    """The columns of the old view that the new one has not; none where one of both is unknown."""
    aliases = words(seen.tree.get("aliases"))
    left = aliases or _columns(seen.tree.get("query"))
    return [] if columns is None or left is None else [c for c in columns if c not in left]


def _columns(query: Node) -> tuple[str, ...] | None:
    """The names of a query's columns; None where its text does not say them."""
    names = []
    for node in only(query)[1].get("targetList", ()) if query else ():
        target = body(node, "ResTarget")
        fields = body(target.get("val"), "ColumnRef").get("fields", [{"A_Star": {}}])
        names.append(target.get("name") or ("" if "A_Star" in fields[-1] else words(fields)[-1]))
    return tuple(names) if names and all(names) else None


def _made(seen: Seen) -> tuple[str, str]:
    tree = seen.tree
    if seen.kind == "ViewStmt":
        return "view", tree.get("view", {}).get("relname", "")
    if seen.kind == "CreateFunctionStmt":
        return "function", words(tree.get("funcname"))[-1]
    if seen.kind == "CompositeTypeStmt":
        return "type", tree.get("typevar", {}).get("relname", "")
    names = tree.get("typeName") or tree.get("domainname") or tree.get("defnames") or ()
    return "type", (words(names) or ("",))[-1]


_DROPPED = {
    "OBJECT_VIEW": "view",
    "OBJECT_FUNCTION": "function",
    "OBJECT_PROCEDURE": "function",
    "OBJECT_ROUTINE": "function",
    "OBJECT_AGGREGATE": "function",
    "OBJECT_TYPE": "type",
    "OBJECT_DOMAIN": "type",
    "OBJECT_EXTENSION": "extension",
}
