"""An index is created that the table has already.

Every write keeps both up to date, and no read is the faster for it. A primary key or a unique
constraint has an index of its own.

Leave it out, or drop the other one, CONCURRENTLY.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.structure import Kind
from lockgate.core.effects.trees import body
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, schema_name

CODE = "LG052"
NAME = "duplicate-index"
FAMILY = Family.CARE
SEVERITY = Severity.INFO
ON = ("IndexStmt",)

SCHEMA = """\
CREATE TABLE orders (id bigint PRIMARY KEY, placed date, buyer bigint);
CREATE INDEX ix_orders_placed ON orders (placed);
"""
BAD = "CREATE INDEX CONCURRENTLY ix_again ON orders (placed);"
GOOD = "CREATE INDEX CONCURRENTLY ix_buyer ON orders (buyer);"
BAD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.create_index("ix_again", "orders", ["placed"], postgresql_concurrently=True)
"""
GOOD_ALEMBIC = """\
with op.get_context().autocommit_block():
    op.create_index("ix_buyer", "orders", ["buyer"], postgresql_concurrently=True)
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """An index over the same columns, in the same order, of the same kind."""
    tree, relation = seen.tree, seen.relation
    elements = [body(node, "IndexElem") for node in tree.get("indexParams", ())]
    plain = all(set(e) <= {"name", "ordering", "nulls_ordering"} for e in elements)
    defaults = all(e.get("ordering") == "SORTBY_DEFAULT" for e in elements)
    if not plain or not defaults or "whereClause" in tree or "indexIncludingParams" in tree:
        return
    columns = tuple(element.get("name") for element in elements)
    for name in relation.indexes:
        index = seen.structure.get(name, Kind.INDEX).index
        if tree.get("if_not_exists") and name[1] == tree.get("idxname"):
            return  # it is there, and nothing is made
        if index is None or index.predicate is not None or index.included or index.expressions:
            continue
        alike = index.columns == columns and index.method == tree.get("accessMethod", "btree")
        if alike and index.valid and not (tree.get("unique") and not index.unique):
            yield Hazard(
                f"doubles {schema_name(name)}, which is on {', '.join(map(str, columns))} already",
                "leave it out, or drop the other one CONCURRENTLY",
                seen.table,
            )
            return
