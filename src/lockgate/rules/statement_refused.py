"""A statement that PostgreSQL refuses because of what is there, whatever the rows are.

For instance: a foreign key to columns without a unique constraint, a second primary key, a change
of type to which no cast leads without USING, a default whose type does not turn into the new one,
CREATE OR REPLACE VIEW that takes or renames a column, CREATE OR REPLACE FUNCTION with another
return type, a default for an identity column, a partition that overlaps another, a unique index of
a partitioned table without its key, an index over a function that is not IMMUTABLE, TRUNCATE of a
table that is referenced, ON CONFLICT on columns without a unique constraint.

Do as the finding says; the deploy stops at such a statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Severity
from lockgate.core.refusals import Why
from lockgate.core.rule import ALWAYS, Family, Hazard, Seen

CODE = "LG058"
NAME = "statement-refused"
FAMILY = Family.FAILS
SEVERITY = Severity.ERROR
ON = (ALWAYS,)

SCHEMA = """\
CREATE TABLE orders (id bigint, note text, paid boolean);
CREATE VIEW open_orders AS SELECT id, note FROM orders WHERE NOT paid;
"""
BAD = "CREATE OR REPLACE VIEW open_orders AS SELECT id, paid FROM orders;"
GOOD = "CREATE OR REPLACE VIEW open_orders AS SELECT id, note, paid FROM orders;"
BAD_ALEMBIC = """\
op.execute("CREATE OR REPLACE VIEW open_orders AS SELECT id, paid FROM orders")
"""
GOOD_ALEMBIC = """\
op.execute("CREATE OR REPLACE VIEW open_orders AS SELECT id, note, paid FROM orders")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """What is sure, of this statement alone."""
    yield from seen.refused(Why.REFUSED)
