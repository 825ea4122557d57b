"""Something is dropped that something else uses.

Without CASCADE PostgreSQL refuses, so the deploy fails; with CASCADE it takes the foreign keys,
views and constraints along that hang on it, without a word about which. An index that the
target's queries use is missed by them from then on.

Drop what uses it by name, first, in statements that a reviewer can see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lockgate.core.dependents import (
    column_users,
    constraint_users,
    dropped,
    function_users,
    relation_users,
    type_users,
)
from lockgate.core.effects.reading import RELATION_KINDS
from lockgate.core.effects.structure import Name, Structure, spelled
from lockgate.core.finding import Severity
from lockgate.core.rule import (
    IDLE_PER_SECOND,
    Family,
    Hazard,
    Seen,
    listed,
    schema_name,
    short,
    using,
)

CODE = "LG033"
NAME = "used-object-dropped"
FAMILY = Family.BREAKS
SEVERITY = Severity.ERROR
ON = ("DropStmt", "AT_DropConstraint", "AT_DropColumn")

SCHEMA = """\
CREATE TABLE people (id bigint, CONSTRAINT people_pkey PRIMARY KEY (id));
CREATE TABLE orders (buyer bigint CONSTRAINT orders_buyer_fkey REFERENCES people (id));
"""
BAD = "ALTER TABLE people DROP CONSTRAINT people_pkey;"
GOOD = """\
ALTER TABLE orders DROP CONSTRAINT orders_buyer_fkey;
ALTER TABLE people DROP CONSTRAINT people_pkey;
"""
BAD_ALEMBIC = """\
op.drop_constraint("people_pkey", "people")
"""
GOOD_ALEMBIC = """\
op.drop_constraint("orders_buyer_fkey", "orders")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A drop that fails, or that takes others along."""
    tree = seen.action or seen.tree
    cascade = tree.get("behavior") == "DROP_CASCADE"
    users: list[str] = []
    known = True
    if seen.kind == "DropStmt":
        kind = tree.get("removeType")
        if kind in _OTHERS:
            yield from _of_no_relation(seen, _OTHERS[kind])
            return
        if kind not in RELATION_KINDS:
            return
        names = [seen.structure.resolve(parts) for parts in dropped(tree)]
        if kind == "OBJECT_INDEX":
            yield from _used_indexes(seen, names)
        known = all(name in seen.structure.relations for name in names)
        if all(not seen.exists(spelled(name)) for name in names):
            return
        what = listed(schema_name(name) for name in names)
        users = [user for name in names for user in relation_users(seen.structure, name, names)]
    else:
        if not seen.exists(seen.table):
            return
        relation = seen.relation
        known = relation.known
        what = f"{tree.get('name')} of {short(seen.table)}"
        if tree.get("subtype") == "AT_DropConstraint":
            users = list(constraint_users(seen.structure, relation, tree.get("name", "")))
        else:
            users = list(column_users(seen.structure, relation, tree.get("name", "")))
    if users and not cascade:
        fails, severity = seen.fails
        message = f"{fails}: {using(users)} {what}"
    elif users or (cascade and not known):
        with_it = listed(sorted(set(users))) if users else "whatever hangs on it"
        message = f"drops {with_it} together with {what}"
        severity = Severity.ERROR if users else Severity.WARNING
    else:
        return
    if cascade and tree.get("subtype") == "AT_DropConstraint":
        # Foreign keys go along: nobody waits, nothing fails, no row is lost, and no name but of
        # a view that groups by the primary key.
        severity = Severity.INFO
    yield Hazard(message, "drop what uses it first, by name", severity=severity)


def _of_no_relation(
    seen: Seen, users_of: Callable[[Structure, tuple[str, ...]], Iterator[str]]
) -> Iterator[Hazard]:
    """Types and functions that are known to be used; what made them here may be dropped here."""
    for parts in dropped(seen.tree):
        users = sorted(set(users_of(seen.structure, parts)))
        what = ".".join(parts).removeprefix("public.")
        if users and seen.tree.get("behavior") == "DROP_CASCADE":
            message, severity = f"drops {listed(users)} together with {what}", Severity.ERROR
        elif users:
            fails, severity = seen.fails
            message = f"{fails}: {using(users)} {what}"
        else:
            continue
        yield Hazard(message, "drop what uses it first, by name", severity=severity)


def _used_indexes(seen: Seen, names: list[Name]) -> Iterator[Hazard]:
    """The indexes that the target's queries look rows up with."""
    relations = seen.unit.target.relations if seen.unit.target is not None else ()
    wanted = {spelled(name) for name in names if seen.exists(spelled(name))}
    for table in relations:
        for index in table.indexes:
            if index.name in wanted and index.scans is not None and index.scans >= IDLE_PER_SECOND:
                yield Hazard(
                    f"drops {short(index.name)}, which is used {index.scans:,.1f} times a second",
                    "create what is to be used instead first, and look whether it is used",
                    table.name,
                    Severity.WARNING,
                )


_OTHERS = {
    "OBJECT_TYPE": type_users,
    "OBJECT_DOMAIN": type_users,
    "OBJECT_FUNCTION": function_users,
    "OBJECT_PROCEDURE": function_users,
    "OBJECT_ROUTINE": function_users,
}
