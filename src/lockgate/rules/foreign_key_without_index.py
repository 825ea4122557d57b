"""A foreign key's own columns have no index.

Every DELETE in the referenced table, and every UPDATE of its key, reads the whole referencing
table to see whether a row still points there, and holds its locks meanwhile.

Create an index that begins with the foreign key's columns, CONCURRENTLY and before the
constraint.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import Constraint, ConstraintKind, Kind, Relation, spelled
from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import END, Family, Hazard, Seen, Unit, short

CODE = "LG051"
NAME = "foreign-key-without-index"
FAMILY = Family.CARE
SEVERITY = Severity.INFO
ON = ("AT_AddConstraint", "CreateStmt", END)

BAD = """\
CREATE TABLE invoices (id bigint PRIMARY KEY, buyer bigint REFERENCES people (id));
"""
GOOD = """\
CREATE TABLE invoices (id bigint PRIMARY KEY, buyer bigint REFERENCES people (id));
CREATE INDEX ON invoices (buyer);
"""
BAD_ALEMBIC = """\
op.create_table(
    "invoices",
    sa.Column("id", sa.BigInteger(), primary_key=True),
    sa.Column("buyer", sa.BigInteger(), sa.ForeignKey("people.id")),
)
"""
GOOD_ALEMBIC = """\
op.create_table(
    "invoices",
    sa.Column("id", sa.BigInteger(), primary_key=True),
    sa.Column("buyer", sa.BigInteger(), sa.ForeignKey("people.id"), index=True),
)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Notes the tables that got a foreign key."""
    if seen.kind == "CreateStmt" or body(seen.action.get("def"), "Constraint").get("contype") == (
        "CONSTR_FOREIGN"
    ):
        name = seen.structure.resolve(parts_of(seen.tree.get("relation") or {}))
        seen.unit.note(NAME).setdefault(name, (seen.index, seen.line))
    yield from ()


def finish(unit: Unit) -> Iterator[Hazard]:
    """The foreign keys of those tables that no index serves."""
    for name, (index, line) in unit.note(NAME).items():
        relation = unit.structure.relations.get(name)
        if relation is None or not relation.known:
            continue
        for constraint in relation.constraints.values():
            if constraint.kind is ConstraintKind.FOREIGN and not _served(
                unit, relation, constraint
            ):
                table = spelled(relation.name)
                large = unit.target is not None and unit.large(table)
                yield Hazard(
                    f"reads all of {short(table)} for each row that goes from the far side of"
                    f" {constraint.name}",
                    f"create an index on {', '.join(constraint.columns)} first, CONCURRENTLY",
                    table,
                    Severity.WARNING if large else None,
                    statement=index,
                    line=line,
                )


def _served(unit: Unit, relation: Relation, constraint: Constraint) -> bool:
    wanted = set(constraint.columns)
    for name in relation.indexes:
        index = unit.structure.get(name, Kind.INDEX).index
        if index is not None and set(index.columns[: len(wanted)]) == wanted:
            return True
    return False
