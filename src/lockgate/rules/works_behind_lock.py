"""More work is done in a transaction that already holds a strong lock.

Locks last until the commit. The lock that ALTER TABLE took for an instant is held while the next
statement reads, writes or indexes whole tables, and reads or writes of the first table wait for
it.

Do the work before the lock is taken, or in a transaction, which is to say a revision, of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.structure import ConstraintKind
from lockgate.core.effects.trees import body, columns_in, nodes, words
from lockgate.core.finding import Severity
from lockgate.core.reach import Reach, reach
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen, short

CODE = "LG042"
NAME = "works-behind-lock"
FAMILY = Family.TRANSACTION
SEVERITY = Severity.WARNING
ON = (ALWAYS,)

BAD = """\
BEGIN;
ALTER TABLE orders ADD COLUMN channel text;
UPDATE orders SET channel = 'web' WHERE channel IS NULL;
COMMIT;
"""
GOOD = """\
BEGIN;
ALTER TABLE orders ADD COLUMN channel text DEFAULT 'web';
COMMIT;
"""
BAD_ALEMBIC = """\
op.add_column("orders", sa.Column("channel", sa.Text()))
op.execute("UPDATE orders SET channel = 'web' WHERE channel IS NULL")
"""
GOOD_ALEMBIC = """\
op.add_column("orders", sa.Column("channel", sa.Text(), server_default="web"))
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """Work on rows while an earlier statement's lock blocks somebody."""
    if not seen.unit.held or not seen.in_transaction or not _works(seen):
        return
    held = {name: by for name, by in seen.unit.held.items() if seen.unit.is_table(name)}
    if not held:
        return
    relation, (mode, since) = max(held.items(), key=lambda item: (item[1][0].strength, item[0]))
    yield Hazard(
        f"works while {short(relation)} stays locked from line {since.line} on,"
        f" which blocks {' and '.join(mode.blocks)} there",
        "do it in a transaction of its own, that is, in a revision of its own",
        relation,
        sized=True,
    )


def _works(seen: Seen) -> bool:
    if seen.kind in ("UpdateStmt", "DeleteStmt"):
        return seen.exists(seen.table) and not _is_bounded(seen)
    if seen.kind == "InsertStmt":
        return "fromClause" in body(seen.tree.get("selectStmt"), "SelectStmt")
    if seen.kind == "SelectStmt":
        return _reads_all(seen)
    return any(
        (e.scans or e.rewrites or e.builds) and seen.exists(e.relation)
        for e in seen.effects.effects
    )


def _is_bounded(seen: Seen) -> bool:
    """Whether a WHERE names the rows of a key, which are few."""
    where, relation = seen.tree.get("whereClause"), seen.relation
    if {"fromClause", "usingClause"} & seen.tree.keys() or where is None:
        return False
    named = columns_in(where)
    keys = [set(c.columns) for c in relation.constraints.values() if c.kind in _KEYS]
    keyed = any(key <= named for key in keys) or (not relation.known and "id" in named)
    return keyed and reach(where, relation) is Reach.BOUNDED


_KEYS = (ConstraintKind.PRIMARY, ConstraintKind.UNIQUE)


def _reads_all(seen: Seen) -> bool:
    """Whether a query has tables and leaves no row out; the least or greatest may be an index's."""
    if "fromClause" not in seen.tree or seen.tree.keys() & {"whereClause", "limitCount"}:
        return False
    sources = [body(source, "RangeVar") for source in seen.tree["fromClause"]]
    called = {words(node["funcname"])[-1] for kind, node in nodes(seen.tree) if kind == "FuncCall"}
    if called and called <= {"max", "min", "setval", "coalesce", "nextval"}:
        return False
    return any(source and seen.exists(seen.name(source)) for source in sources)
