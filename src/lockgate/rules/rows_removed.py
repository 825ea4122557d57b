"""All rows of a table are removed.

TRUNCATE, and DELETE without WHERE (or WHERE true), leave nothing, and no downgrade brings the
rows back, nor those of other tables that CASCADE takes along. TRUNCATE also stops reads and
writes; DELETE holds a lock on every row until the transaction ends, and leaves as many dead rows
behind.

If the rows may go, say so: `-- lockgate: allow LG034 because they are a cache`. Delete the rows
of a large table in batches, outside the revision.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import joined_tables, merges, whole
from lockgate.core.effects.structure import spelled
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short

CODE = "LG034"
NAME = "rows-removed"
FAMILY = Family.BREAKS
SEVERITY = Severity.ERROR
ON = ("TruncateStmt", "DeleteStmt", "MergeStmt")

BAD = "TRUNCATE orders;"
GOOD = "DELETE FROM orders WHERE id = 7;"
BAD_ALEMBIC = """\
op.execute("TRUNCATE orders")
"""
GOOD_ALEMBIC = """\
op.execute("DELETE FROM orders WHERE id = 7")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A table that was there before and is empty afterwards, or keeps only rows without partner."""
    tree = seen.tree
    if seen.kind == "TruncateStmt":
        names = [seen.name(node["RangeVar"]) for node in tree.get("relations", ())]
        rows = "every row"
    else:
        names, rows = [seen.table], _rows(seen)
        if seen.kind == "DeleteStmt" and seen.relation.ignores("CMD_DELETE"):
            return
    for name in names:
        if rows and seen.exists(name):
            yield Hazard(
                f"removes {rows} of {short(name)}",
                _REMEDY,
                name,
                None if rows == "every row" else Severity.WARNING,
                sized=True,
            )
    if rows:
        yield from _with_them(seen, names)


_REMEDY = "delete in batches with a WHERE, or say with `lockgate: allow` why they may go"


def _with_them(seen: Seen, names: list[str]) -> Iterator[Hazard]:
    """The tables whose rows go along: by TRUNCATE ... CASCADE, or by ON DELETE CASCADE."""
    truncates = seen.kind == "TruncateStmt"
    if truncates and seen.tree.get("behavior") != "DROP_CASCADE":
        return
    structure = seen.structure
    waiting = [name for name in structure.relations if spelled(name) in names]
    found = set(waiting)
    while waiting:
        for user, key in structure.foreign_keys_to(waiting.pop()):
            if user.name in found or not (truncates or key.on_delete == "c"):
                continue
            found.add(user.name)
            waiting.append(user.name)
            table = spelled(user.name)
            if seen.exists(table) and not user.partition:
                which = "every row" if truncates else "the rows with a partner"
                said = f"removes {which} of {short(table)} too, by CASCADE of {key.name}"
                yield Hazard(said, _REMEDY, table, sized=True)


def _rows(seen: Seen) -> str:
    """In words which rows a DELETE or MERGE removes; empty where its conditions choose some."""
    tree, table = seen.tree, seen.tree.get("relation")
    if seen.kind == "MergeStmt" and not merges(tree, "CMD_DELETE"):
        return ""
    where = tree.get("joinCondition" if seen.kind == "MergeStmt" else "whereClause")
    relation = None if seen.kind == "MergeStmt" else seen.relation
    if whole(where, table=table, relation=relation):
        return "every row"
    if joined_tables(seen) and whole(where, joined=True, table=table):
        return "every row with a partner"
    return ""
