"""Statements on what few databases have, each with what is there before it."""

# One case, a few lines: side by side they show what differs.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One statement, what it is tried on, and the first major that has it."""

    given: str
    sql: str
    since: int = 14


BOTH = (
    "CREATE TABLE shop (region int, id int, PRIMARY KEY (region, id)) PARTITION BY LIST (region);"
    "CREATE TABLE shop_1 PARTITION OF shop FOR VALUES IN (1);"
    "CREATE TABLE shop_2 PARTITION OF shop FOR VALUES IN (2) PARTITION BY RANGE (id);"
    "CREATE TABLE shop_2a PARTITION OF shop_2 FOR VALUES FROM (0) TO (10);"
    "CREATE TABLE sale (region int, shop int, day int, FOREIGN KEY (region, shop) REFERENCES shop)"
    " PARTITION BY LIST (day);"
    "CREATE TABLE sale_1 PARTITION OF sale FOR VALUES IN (1);"
)
"""A foreign key between two partitioned tables."""

SELF = (
    "CREATE TABLE node (id int PRIMARY KEY, above int REFERENCES node) PARTITION BY RANGE (id);"
    "CREATE TABLE node_1 PARTITION OF node FOR VALUES FROM (0) TO (10);"
    "CREATE TABLE node_2 PARTITION OF node FOR VALUES FROM (10) TO (20);"
    "CREATE TABLE node_3 (id int PRIMARY KEY, above int);"
)

NOT_ENFORCED = (
    "CREATE TABLE far (id int PRIMARY KEY);"
    "CREATE TABLE near (far int, CONSTRAINT k FOREIGN KEY (far) REFERENCES far NOT ENFORCED);"
)

CHECKED = (
    "CREATE TABLE top (a int); CREATE TABLE below () INHERITS (top);"
    "ALTER TABLE top ADD CONSTRAINT good CHECK (a > 0) NOT VALID;"
)

NULLS = (
    "CREATE TABLE top (a int CONSTRAINT filled NOT NULL);"
    "CREATE TABLE below () INHERITS (top); CREATE TABLE least () INHERITS (below)"
)
TYPED = (
    "CREATE TYPE pair AS (a int, b text); CREATE TABLE t OF pair;CREATE TABLE child () INHERITS (t)"
)

FIRED = (
    "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p2 (a int);"
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER each BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();"
    "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
    "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2)"
)

CASES = (
    Case(BOTH, "CREATE TABLE sale_2 PARTITION OF sale FOR VALUES IN (2)"),
    Case(BOTH, "CREATE TABLE shop_2b PARTITION OF shop_2 FOR VALUES FROM (10) TO (20)"),
    Case(BOTH, "CREATE TABLE shop_3 PARTITION OF shop FOR VALUES IN (3)"),
    Case(
        BOTH + "CREATE TABLE old (region int, shop int, day int)",
        "ALTER TABLE sale ATTACH PARTITION old FOR VALUES IN (0)",
    ),
    Case(
        BOTH
        + "CREATE TABLE old (region int, shop int, day int, FOREIGN KEY (region, shop) REFERENCES shop)",
        "ALTER TABLE sale ATTACH PARTITION old FOR VALUES IN (0)",
    ),
    Case(
        BOTH + "CREATE TABLE old (region int, shop int, day int);"
        "ALTER TABLE sale ATTACH PARTITION old FOR VALUES IN (0)",
        "DROP TABLE old",
    ),
    Case(
        BOTH + "CREATE TABLE old (region int, shop int, day int);"
        "ALTER TABLE sale ATTACH PARTITION old FOR VALUES IN (0)",
        "ALTER TABLE sale DETACH PARTITION old",
    ),
    Case(BOTH, "ALTER TABLE sale DETACH PARTITION sale_1"),
    Case(BOTH, "ALTER TABLE shop DETACH PARTITION shop_1"),
    Case(BOTH, "ALTER TABLE shop_2 DETACH PARTITION shop_2a"),
    Case(BOTH, "DROP TABLE sale_1"),
    Case(BOTH, "DROP TABLE sale"),
    Case(
        BOTH + "CREATE TABLE old (region int, shop int, day int) PARTITION BY LIST (day);"
        "ALTER TABLE sale ATTACH PARTITION old FOR VALUES IN (0, 9);"
        "CREATE TABLE old_0 (region int, shop int, day int)",
        "ALTER TABLE old ATTACH PARTITION old_0 FOR VALUES IN (0)",
    ),
    Case(
        "CREATE TABLE far (id int PRIMARY KEY);"
        "CREATE TABLE near (far int, day int) PARTITION BY LIST (day);"
        "CREATE TABLE near_1 PARTITION OF near FOR VALUES IN (1);"
        "CREATE TABLE near_2 PARTITION OF near FOR VALUES IN (2);"
        "ALTER TABLE near_1 ADD FOREIGN KEY (far) REFERENCES far;",
        "ALTER TABLE near ADD FOREIGN KEY (far) REFERENCES far",
    ),
    Case(SELF, "CREATE TABLE node_4 PARTITION OF node FOR VALUES FROM (30) TO (40)"),
    Case(SELF, "ALTER TABLE node DETACH PARTITION node_2"),
    Case(NOT_ENFORCED, "DROP TABLE near", 18),
    Case(NOT_ENFORCED, "ALTER TABLE near ALTER CONSTRAINT k NOT ENFORCED", 18),
    Case(NOT_ENFORCED, "ALTER TABLE near ALTER CONSTRAINT k ENFORCED", 18),
    Case(NOT_ENFORCED, "ALTER TABLE near DROP CONSTRAINT k", 18),
    Case(CHECKED, "ALTER TABLE top VALIDATE CONSTRAINT good"),
    Case(
        "CREATE TABLE top (a int); CREATE TABLE below () INHERITS (top);"
        "ALTER TABLE top ADD CONSTRAINT good CHECK (a > 0) NO INHERIT NOT VALID;",
        "ALTER TABLE top VALIDATE CONSTRAINT good",
    ),
    Case(
        "CREATE TABLE t (a int, CONSTRAINT t_a UNIQUE (a)); ALTER INDEX t_a RENAME TO t_b;",
        "ALTER TABLE t DROP CONSTRAINT t_b",
    ),
    Case(
        "CREATE TABLE one (a int, b int); CREATE TABLE two (b int);"
        "CREATE TABLE mix () INHERITS (one, two); CREATE TABLE least () INHERITS (mix);",
        "ALTER TABLE one DROP COLUMN b",
    ),
    Case(
        "CREATE TABLE one (a int, b int); CREATE TABLE two (b int) INHERITS (one);"
        "CREATE TABLE least () INHERITS (two); ALTER TABLE one DROP COLUMN b;",
        "ALTER TABLE two DROP COLUMN b",
    ),
    Case(
        "CREATE TABLE one (a int); CREATE TABLE two (b int) INHERITS (one);"
        "CREATE TABLE least () INHERITS (two);",
        "ALTER TABLE one ADD COLUMN b int",
    ),
    Case(
        "CREATE TABLE p (id int GENERATED ALWAYS AS IDENTITY, d int) PARTITION BY LIST (d);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        "ALTER TABLE p ALTER COLUMN id SET GENERATED BY DEFAULT",
    ),
    Case(
        "CREATE TABLE p (id int GENERATED ALWAYS AS IDENTITY, d int) PARTITION BY LIST (d);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        "ALTER TABLE p ALTER COLUMN id DROP IDENTITY",
    ),
    Case(
        BOTH
        + "CREATE TABLE seat (region int, shop int, FOREIGN KEY (region, shop) REFERENCES shop)",
        "TRUNCATE shop_1 CASCADE",
    ),
    Case(NULLS, "ALTER TABLE ONLY top ALTER a DROP NOT NULL"),
    Case(NULLS, "ALTER TABLE ONLY top DROP CONSTRAINT filled", 18),
    Case(NULLS, "ALTER TABLE top ALTER CONSTRAINT filled NO INHERIT", 18),
    Case(
        "CREATE TABLE top (a int); CREATE TABLE below () INHERITS (top)",
        "ALTER TABLE top ADD NOT NULL a NO INHERIT",
        18,
    ),
    Case(
        "CREATE TABLE p (a int) PARTITION BY LIST (a);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); ALTER TABLE p1 ALTER a SET NOT NULL",
        "ALTER TABLE ONLY p ADD PRIMARY KEY (a)",
    ),
    Case(TYPED, "ALTER TYPE pair ADD ATTRIBUTE c text CASCADE"),
    Case(TYPED, "ALTER TYPE pair RENAME ATTRIBUTE a TO c CASCADE"),
    Case(
        "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a);"
        "CREATE TABLE q (a int NOT NULL) PARTITION BY RANGE (a);"
        "CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (0) TO (5)",
        "ALTER TABLE p ATTACH PARTITION q FOR VALUES FROM (0) TO (9)",
    ),
    Case(FIRED, "DROP TRIGGER each ON p"),
    Case(FIRED, "ALTER TABLE p DISABLE TRIGGER each"),
)
