"""A foreign key's own columns have no index.

Every DELETE in the referenced table, and every UPDATE of its key, reads the whole referencing
table to see whether a row still points there, and holds its locks meanwhile.

Create an index that begins with the foreign key's columns, CONCURRENTLY and before the
constraint.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import dropped
from lockgate.core.effects.expressions import conjuncts
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import (
    Constraint,
    ConstraintKind,
    Index,
    Kind,
    Relation,
    spelled,
)
from lockgate.core.effects.trees import Node, body, nodes, words
from lockgate.core.finding import Severity
from lockgate.core.rule import END, Family, Hazard, Seen, Unit, short

CODE = "LG051"
NAME = "foreign-key-without-index"
FAMILY = Family.CARE
SEVERITY = Severity.INFO
ON = ("AT_AddConstraint", "AT_AddColumn", "CreateStmt", "DropStmt", END)

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
    """Notes the tables that got a foreign key, and the foreign keys that lose an index."""
    notes = seen.unit.note(NAME)
    if seen.kind == "DropStmt":
        if seen.tree.get("removeType") == "OBJECT_INDEX":
            _note_served(seen)
    elif seen.kind == "CreateStmt" or _has_foreign_key(seen.action.get("def")):
        name = seen.structure.resolve(parts_of(seen.tree.get("relation") or {}))
        notes.setdefault((name, None), (seen.index, seen.line))
    yield from ()


def _has_foreign_key(definition: Node) -> bool:
    """Whether an ADD CONSTRAINT adds one, or an ADD COLUMN with REFERENCES."""
    return any(
        kind == "Constraint" and found.get("contype") == "CONSTR_FOREIGN"
        for kind, found in nodes(definition)
    )


def _note_served(seen: Seen) -> None:
    """Notes the foreign keys that an index serves which is dropped."""
    for parts in dropped(seen.tree):
        index = seen.structure.find(parts, Kind.INDEX).index
        table = seen.structure.relations.get(index.table) if index is not None else None
        if index is None or table is None or not seen.exists(spelled(table.name)):
            continue
        for constraint in table.constraints.values():
            if constraint.kind is ConstraintKind.FOREIGN and _serves(index, constraint):
                key = table.name, constraint.name
                seen.unit.note(NAME).setdefault(key, (seen.index, seen.line))


def finish(unit: Unit) -> Iterator[Hazard]:
    """Those foreign keys that no index serves."""
    said = set()
    for (name, key), (index, line) in unit.note(NAME).items():
        relation = unit.structure.relations.get(name)
        if relation is None or not relation.known:
            continue
        for constraint in relation.constraints.values():
            if constraint.kind is not ConstraintKind.FOREIGN or key not in (None, constraint.name):
                continue
            if (name, constraint.name) in said or _served(unit, relation, constraint):
                continue
            said.add((name, constraint.name))
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
    indexes = (unit.structure.get(name, Kind.INDEX).index for name in relation.indexes)
    return any(index is not None and _serves(index, constraint) for index in indexes)


def _serves(index: Index, constraint: Constraint) -> bool:
    """Whether the rows of a key are found by an index: it begins with the key, and has them all.

    Rows without a value reference none, and may be left out.
    """
    wanted = set(constraint.columns)
    whole = index.predicate is None or all(
        _is_given(one, wanted) for one in conjuncts(index.predicate.tree)
    )
    searched = index.method in ("btree", "hash")
    return whole and searched and index.valid and set(index.columns[: len(wanted)]) == wanted


def _is_given(condition: Node, columns: set[str]) -> bool:
    """Whether a condition only leaves out rows without a value in one of the columns."""
    test = body(condition, "NullTest")
    named = words(body(test.get("arg"), "ColumnRef").get("fields"))[-1:]
    return test.get("nulltesttype") == "IS_NOT_NULL" and set(named) <= columns
