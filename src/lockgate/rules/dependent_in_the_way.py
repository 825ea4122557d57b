"""A column changes its type while a view or a generated column is built on it.

PostgreSQL refuses to alter the type of a column that a view, a rule, a policy, a trigger's
condition or a generated column uses, so that the deploy fails.

Drop the view before and make it again after, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.dependents import column_users
from lockgate.core.finding import Severity
from lockgate.core.rule import Family, Hazard, Seen, short, using

CODE = "LG050"
NAME = "dependent-in-the-way"
FAMILY = Family.FAILS
SEVERITY = Severity.ERROR
ON = ("AT_AlterColumnType",)

SCHEMA = """\
CREATE TABLE orders (id bigint, note text);
CREATE VIEW open_orders AS SELECT note FROM orders;
"""
BAD = "ALTER TABLE orders ALTER COLUMN note TYPE varchar;"
GOOD = """\
BEGIN;
DROP VIEW open_orders;
ALTER TABLE orders ALTER COLUMN note TYPE varchar;
CREATE VIEW open_orders AS SELECT note FROM orders;
COMMIT;
"""
BAD_ALEMBIC = """\
op.alter_column("orders", "note", type_=sa.String())
"""
GOOD_ALEMBIC = """\
op.execute("DROP VIEW open_orders")
op.alter_column("orders", "note", type_=sa.String())
op.execute("CREATE VIEW open_orders AS SELECT note FROM orders")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A view that reads the column, where it is known."""
    relation, column = seen.relation, seen.action.get("name", "")
    users = sorted(set(column_users(seen.structure, relation, column, keys=False)))
    if users and seen.exists(seen.table):
        fails, severity = seen.fails
        yield Hazard(
            f"{fails}: {using(users)} {column} of {short(seen.table)}",
            "drop it before and make it again after, in the same transaction",
            seen.table,
            severity,
        )
