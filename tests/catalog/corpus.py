"""Pairs of structures that differ in one property, for objects of every kind.

Each pair lives in a schema of its own, `pair_7_`, on the `search_path`; what has no schema carries
that name as a prefix, which a statement writes as `{own}`.
"""

# One variant, one line: side by side they show what differs.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

ROLES = ("lockgate_test_one", "lockgate_test_two")
"""Roles that some pairs name."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two structures: `given` and `before`, or `given` and `after`."""

    number: int
    name: str
    given: str
    before: str
    after: str
    since: int
    cosmetic: bool
    icu: bool

    @property
    def own(self) -> str:
        """The schema of this pair, and the prefix of what has none."""
        return f"pair_{self.number}_"

    def statements(self, *, changed: bool) -> str:
        parts = (self.given, self.after if changed else self.before)
        body = ";\n".join(part for part in parts if part).replace("{own}", self.own)
        return f"CREATE SCHEMA {self.own}; SET search_path = {self.own};\n{body};\nRESET ALL;\n"


Variants = Mapping[str, str | tuple[str, str]]


@dataclass
class Corpus:
    pairs: list[Pair] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def add(
        self,
        given: str,
        variants: Variants,
        *,
        since: int = 14,
        cosmetic: bool = False,
        icu: bool = False,
    ) -> None:
        for name, variant in variants.items():
            before, after = ("", variant) if isinstance(variant, str) else variant
            self.pairs.append(
                Pair(next(self.numbers), name, given, before, after, since, cosmetic, icu)
            )


CORPUS = Corpus()
add = CORPUS.add

# Schemas and tables

add(
    "",
    {
        "a schema more": 'CREATE SCHEMA "{own} x"',
        "a table": "CREATE TABLE t ()",
        "a quoted name": ("CREATE TABLE t ()", 'CREATE TABLE "T" ()'),
        "a dot in a name": ('CREATE TABLE "a.b" ()', 'CREATE TABLE "a"()'),
        "quotes in a name": ('CREATE TABLE "a" ()', 'CREATE TABLE "a""b" ()'),
        "a name with a line break": ('CREATE TABLE "a b" ()', 'CREATE TABLE "a\nb" ()'),
        "a name in other letters": ('CREATE TABLE "größe 大きさ" ()', 'CREATE TABLE "grösse" ()'),
        "a name of 63 bytes": (
            f'CREATE TABLE "{"x" * 62}y" (a int)',
            f'CREATE TABLE "{"x" * 62}z" (a int)',
        ),
        "a percent sign in a name": ('CREATE TABLE "50%s" ()', 'CREATE TABLE "50%%s" ()'),
        "a reserved name": ('CREATE TABLE "select" ()', 'CREATE TABLE "table" ()'),
        "a dot on the other side": (
            'CREATE SCHEMA "{own}.a"; CREATE TABLE "{own}.a".b ()',
            'CREATE SCHEMA "{own}.a"; CREATE TABLE "a.b" ()',
        ),
        "an unlogged table": ("CREATE TABLE t (a int)", "CREATE UNLOGGED TABLE t (a int)"),
        "a typed table": (
            "CREATE TYPE ty AS (a int); CREATE TABLE t (a int)",
            "CREATE TYPE ty AS (a int); CREATE TABLE t OF ty",
        ),
        "an index's own name": (
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a)",
            "CREATE TABLE t (a int); CREATE INDEX j ON t (a)",
        ),
        "a table of another schema": (
            'CREATE SCHEMA "{own}b"; CREATE TABLE t ()',
            'CREATE SCHEMA "{own}b"; CREATE TABLE "{own}b".t ()',
        ),
    },
)

TABLE = """
CREATE TABLE t (a integer, b text, c numeric(10, 2), d timestamp(3), e varchar(20)[],
                f interval, g bit(3), h jsonb)"""
add(
    TABLE,
    {
        "a column more": "ALTER TABLE t ADD z text",
        "a column less": "ALTER TABLE t DROP h",
        "a column renamed": "ALTER TABLE t RENAME a TO z",
        "a table renamed": "ALTER TABLE t RENAME TO u",
        "another type": "ALTER TABLE t ALTER a TYPE bigint",
        "a modifier of numeric": "ALTER TABLE t ALTER c TYPE numeric(12, 2)",
        "a modifier of timestamp": "ALTER TABLE t ALTER d TYPE timestamp(6)",
        "with time zone": "ALTER TABLE t ALTER d TYPE timestamptz(3)",
        "a length in an array": "ALTER TABLE t ALTER e TYPE varchar(21)[]",
        "fields of interval": "ALTER TABLE t ALTER f TYPE interval hour to minute",
        "a length of bit": "ALTER TABLE t ALTER g TYPE bit(4) USING NULL",
        "text to varchar": "ALTER TABLE t ALTER b TYPE varchar",
        "another collation": 'ALTER TABLE t ALTER b TYPE text COLLATE "C"',
        "not null": "ALTER TABLE t ALTER a SET NOT NULL",
        "a default": "ALTER TABLE t ALTER a SET DEFAULT 1",
        "a default of text": "ALTER TABLE t ALTER b SET DEFAULT ''",
        "a default with a quote": (
            "ALTER TABLE t ALTER b SET DEFAULT 'it''s'",
            "ALTER TABLE t ALTER b SET DEFAULT 'its'",
        ),
        "a default that calls": (
            "ALTER TABLE t ALTER d SET DEFAULT now()",
            "ALTER TABLE t ALTER d SET DEFAULT clock_timestamp()",
        ),
        "a default of jsonb": (
            "ALTER TABLE t ALTER h SET DEFAULT '{}'",
            "ALTER TABLE t ALTER h SET DEFAULT '[]'",
        ),
        "a default of an array": (
            "ALTER TABLE t ALTER e SET DEFAULT '{}'",
            "ALTER TABLE t ALTER e SET DEFAULT ARRAY['a']",
        ),
        "a time constant": (
            "ALTER TABLE t ALTER d SET DEFAULT '2026-01-01'",
            "ALTER TABLE t ALTER d SET DEFAULT '2026-01-02'",
        ),
        "an interval constant": (
            "ALTER TABLE t ALTER f SET DEFAULT '1 day'",
            "ALTER TABLE t ALTER f SET DEFAULT '24 hours'",
        ),
        "identity": "ALTER TABLE t ALTER a SET NOT NULL, ALTER a ADD GENERATED ALWAYS AS IDENTITY",
        "storage": "ALTER TABLE t ALTER b SET STORAGE EXTERNAL",
        "storage plain": (
            "ALTER TABLE t ALTER b SET STORAGE MAIN",
            "ALTER TABLE t ALTER b SET STORAGE PLAIN",
        ),
        "compression": "ALTER TABLE t ALTER b SET COMPRESSION pglz",
        "a statistics target": "ALTER TABLE t ALTER b SET STATISTICS 500",
        "a statistics target of zero": "ALTER TABLE t ALTER b SET STATISTICS 0",
        "options of a column": "ALTER TABLE t ALTER b SET (n_distinct = 5)",
        "more options of a column": (
            "ALTER TABLE t ALTER b SET (n_distinct = 5)",
            "ALTER TABLE t ALTER b SET (n_distinct = 5, n_distinct_inherited = 6)",
        ),
        "a storage parameter": "ALTER TABLE t SET (fillfactor = 50)",
        "another storage parameter": (
            "ALTER TABLE t SET (fillfactor = 50)",
            "ALTER TABLE t SET (fillfactor = 60)",
        ),
        "a parameter of the toast table": "ALTER TABLE t SET (toast.autovacuum_enabled = false)",
        "autovacuum": "ALTER TABLE t SET (autovacuum_vacuum_scale_factor = 0.01)",
        "replica identity full": "ALTER TABLE t REPLICA IDENTITY FULL",
        "replica identity nothing": "ALTER TABLE t REPLICA IDENTITY NOTHING",
        "row security": "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "row security forced": (
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        ),
        "row security forced only": "ALTER TABLE t FORCE ROW LEVEL SECURITY",
        "a check": "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)",
        "another check": (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a >= 0)",
        ),
        "a check renamed": (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)",
            "ALTER TABLE t ADD CONSTRAINT l CHECK (a > 0)",
        ),
        "a check not valid": (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID",
        ),
        "a check without heirs": (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NO INHERIT",
        ),
        "a check that ends like one without heirs": (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (b <> ' NO INHERIT')",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (b <> '') NO INHERIT",
        ),
        "a check not valid and without heirs": (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NO INHERIT",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NO INHERIT NOT VALID",
        ),
        "a primary key": "ALTER TABLE t ADD PRIMARY KEY (a)",
        "a primary key of other columns": (
            "ALTER TABLE t ALTER b SET NOT NULL, ADD PRIMARY KEY (a)",
            "ALTER TABLE t ALTER b SET NOT NULL, ADD PRIMARY KEY (a, b)",
        ),
        "a primary key in another order": (
            "ALTER TABLE t ADD PRIMARY KEY (a, b)",
            "ALTER TABLE t ADD PRIMARY KEY (b, a)",
        ),
        "a primary key renamed": (
            "ALTER TABLE t ADD PRIMARY KEY (a)",
            "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a)",
        ),
        "a primary key with INCLUDE": (
            "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a)",
            "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a) INCLUDE (b)",
        ),
        "a primary key with a parameter": (
            "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a)",
            "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a) WITH (fillfactor = 50)",
        ),
        "a deferrable primary key": (
            "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a)",
            "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a) DEFERRABLE",
        ),
        "unique": "ALTER TABLE t ADD UNIQUE (b)",
        "unique and deferred": (
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE (b) DEFERRABLE",
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE (b) DEFERRABLE INITIALLY DEFERRED",
        ),
        "a unique index instead": (
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE (b)",
            "CREATE UNIQUE INDEX u ON t (b)",
        ),
        "an exclusion": "ALTER TABLE t ADD CONSTRAINT x EXCLUDE (a WITH =)",
        "an exclusion with another operator": (
            "ALTER TABLE t ADD p int4range, ADD CONSTRAINT x EXCLUDE USING gist (p WITH &&)",
            "ALTER TABLE t ADD p int4range, ADD CONSTRAINT x EXCLUDE USING gist (p WITH =)",
        ),
        "an exclusion with a predicate": (
            "ALTER TABLE t ADD CONSTRAINT x EXCLUDE (a WITH =)",
            "ALTER TABLE t ADD CONSTRAINT x EXCLUDE (a WITH =) WHERE (b = '')",
        ),
        "a clustered constraint": (
            "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a)",
            "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a); ALTER TABLE t CLUSTER ON pk",
        ),
        "replica identity by an index": (
            "ALTER TABLE t ALTER a SET NOT NULL; CREATE UNIQUE INDEX i ON t (a)",
            "ALTER TABLE t ALTER a SET NOT NULL; CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX i",
        ),
        "a clustered index": (
            "CREATE INDEX i ON t (a)",
            "CREATE INDEX i ON t (a); ALTER TABLE t CLUSTER ON i",
        ),
        "an index": "CREATE INDEX i ON t (a)",
        "a unique index": ("CREATE INDEX i ON t (a)", "CREATE UNIQUE INDEX i ON t (a)"),
        "an index method": ("CREATE INDEX i ON t (a)", "CREATE INDEX i ON t USING hash (a)"),
        "another index method": (
            "CREATE INDEX i ON t USING gin (h)",
            "CREATE INDEX i ON t USING gin (h jsonb_path_ops)",
        ),
        "a brin index": (
            "CREATE INDEX i ON t USING brin (a)",
            "CREATE INDEX i ON t USING brin (a) WITH (pages_per_range = 16)",
        ),
        "an operator class with options": (
            "CREATE INDEX i ON t USING brin (a int4_bloom_ops)",
            "CREATE INDEX i ON t USING brin (a int4_bloom_ops (n_distinct_per_range = 100))",
        ),
        "an index order": ("CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (a DESC)"),
        "an index with nulls first": (
            "CREATE INDEX i ON t (a)",
            "CREATE INDEX i ON t (a NULLS FIRST)",
        ),
        "an index's collation": ("CREATE INDEX i ON t (b)", 'CREATE INDEX i ON t (b COLLATE "C")'),
        "an operator class": (
            "CREATE INDEX i ON t (b)",
            "CREATE INDEX i ON t (b text_pattern_ops)",
        ),
        "columns of an index": ("CREATE INDEX i ON t (a, b)", "CREATE INDEX i ON t (b, a)"),
        "an expression of an index": (
            "CREATE INDEX i ON t (lower(b))",
            "CREATE INDEX i ON t (upper(b))",
        ),
        "an included column": ("CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (a) INCLUDE (b)"),
        "an included column moved": (
            "CREATE INDEX i ON t (a) INCLUDE (b)",
            "CREATE INDEX i ON t (a, b)",
        ),
        "a predicate": ("CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (a) WHERE a > 0"),
        "another predicate": (
            "CREATE INDEX i ON t (a) WHERE a > 0",
            "CREATE INDEX i ON t (a) WHERE a > 1",
        ),
        "a predicate with WHERE in it": (
            "CREATE INDEX i ON t (a) WHERE b = ' WHERE '",
            "CREATE INDEX i ON t (a) WHERE b = ' WHERE (x'",
        ),
        "a parameter of an index": (
            "CREATE INDEX i ON t (a)",
            "CREATE INDEX i ON t (a) WITH (fillfactor = 50)",
        ),
        "two parameters of an index": (
            "CREATE INDEX i ON t (a) WITH (fillfactor = 50)",
            "CREATE INDEX i ON t (a) WITH (fillfactor = 50, deduplicate_items = off) WHERE b = ''",
        ),
        "an index's statistics target": (
            "CREATE INDEX i ON t ((a + 1))",
            "CREATE INDEX i ON t ((a + 1)); ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 400",
        ),
        "an index of a table with a name like it": (
            'CREATE TABLE "t USING btree" (a int); CREATE INDEX "i ON x USING btree (" ON "t USING btree" (a)',
            'CREATE TABLE "t USING btree" (a int); CREATE INDEX "i ON x USING btree (" ON "t USING btree" USING hash (a)',
        ),
        "extended statistics": "CREATE STATISTICS s ON a, b FROM t",
        "kinds of extended statistics": (
            "CREATE STATISTICS s ON a, b FROM t",
            "CREATE STATISTICS s (mcv, ndistinct) ON a, b FROM t",
        ),
        "an expression of statistics": (
            "CREATE STATISTICS s ON a, b FROM t",
            "CREATE STATISTICS s ON a, (lower(b)) FROM t",
        ),
        "an expression alone": (
            "CREATE STATISTICS s ON (a + 1) FROM t",
            "CREATE STATISTICS s ON (a + 2) FROM t",
        ),
        "a target of statistics": (
            "CREATE STATISTICS s ON a, b FROM t",
            "CREATE STATISTICS s ON a, b FROM t; ALTER STATISTICS s SET STATISTICS 77",
        ),
        "a rule": "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
        "another rule": (
            "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
            "CREATE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING",
        ),
        "a disabled rule": (
            "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
            "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING; ALTER TABLE t DISABLE RULE r",
        ),
        "a rule that does more": (
            "CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM t WHERE a = new.a",
            "CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM t WHERE a > new.a",
        ),
        "a policy": "CREATE POLICY p ON t USING (a > 0)",
        "a policy's condition": (
            "CREATE POLICY p ON t USING (a > 0)",
            "CREATE POLICY p ON t USING (a > 1)",
        ),
        "a policy's check": (
            "CREATE POLICY p ON t USING (a > 0)",
            "CREATE POLICY p ON t USING (a > 0) WITH CHECK (a > 1)",
        ),
        "a policy's command": (
            "CREATE POLICY p ON t FOR SELECT USING (a > 0)",
            "CREATE POLICY p ON t FOR DELETE USING (a > 0)",
        ),
        "a restrictive policy": (
            "CREATE POLICY p ON t USING (true)",
            "CREATE POLICY p ON t AS RESTRICTIVE USING (true)",
        ),
        "a policy's role": (
            "CREATE POLICY p ON t USING (true)",
            "CREATE POLICY p ON t TO lockgate_test_one USING (true)",
        ),
        "a policy's roles": (
            "CREATE POLICY p ON t TO lockgate_test_one USING (true)",
            "CREATE POLICY p ON t TO lockgate_test_one, lockgate_test_two USING (true)",
        ),
        "a publication": "CREATE PUBLICATION {own} FOR TABLE t",
        "a publication without its table": (
            "CREATE PUBLICATION {own} FOR TABLE t",
            "CREATE PUBLICATION {own}",
        ),
        "a publication of inserts": (
            "CREATE PUBLICATION {own} FOR TABLE t",
            "CREATE PUBLICATION {own} FOR TABLE t WITH (publish = 'insert')",
        ),
        "a publication via the root": (
            "CREATE PUBLICATION {own}",
            "CREATE PUBLICATION {own} WITH (publish_via_partition_root)",
        ),
        "a view": "CREATE VIEW v AS SELECT a, b FROM t",
        "a view of other columns": (
            "CREATE VIEW v AS SELECT a, b FROM t",
            "CREATE VIEW v AS SELECT a, b, c FROM t",
        ),
        "a view's column name": (
            "CREATE VIEW v AS SELECT a, b FROM t",
            "CREATE VIEW v AS SELECT a, b AS z FROM t",
        ),
        "a view's condition": (
            "CREATE VIEW v AS SELECT a FROM t WHERE a > 0",
            "CREATE VIEW v AS SELECT a FROM t WHERE a > 1",
        ),
        "a view's order": (
            "CREATE VIEW v AS SELECT a FROM t ORDER BY a",
            "CREATE VIEW v AS SELECT a FROM t ORDER BY a DESC",
        ),
        "a view's security barrier": (
            "CREATE VIEW v AS SELECT a FROM t",
            "CREATE VIEW v WITH (security_barrier) AS SELECT a FROM t",
        ),
        "a view's check option": (
            "CREATE VIEW v AS SELECT a FROM t",
            "CREATE VIEW v AS SELECT a FROM t WITH LOCAL CHECK OPTION",
        ),
        "another check option": (
            "CREATE VIEW v AS SELECT a FROM t WITH LOCAL CHECK OPTION",
            "CREATE VIEW v AS SELECT a FROM t WITH CASCADED CHECK OPTION",
        ),
        "a default of a view's column": (
            "CREATE VIEW v AS SELECT a FROM t",
            "CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v ALTER a SET DEFAULT 5",
        ),
        "a join": (
            "CREATE VIEW v AS SELECT x.a FROM t x JOIN t y ON x.a = y.a",
            "CREATE VIEW v AS SELECT x.a FROM t x LEFT JOIN t y ON x.a = y.a",
        ),
        "a join using a column": (
            "CREATE VIEW v AS SELECT a FROM t x JOIN t y USING (a)",
            "CREATE VIEW v AS SELECT a FROM t x JOIN t y USING (a, b)",
        ),
        "a union": (
            "CREATE VIEW v AS SELECT a FROM t UNION SELECT 1",
            "CREATE VIEW v AS SELECT a FROM t UNION ALL SELECT 1",
        ),
        "a subquery": (
            "CREATE VIEW v AS SELECT a FROM t WHERE EXISTS (SELECT 1 FROM t u WHERE u.a = t.a)",
            "CREATE VIEW v AS SELECT a FROM t WHERE EXISTS (SELECT 1 FROM t u WHERE u.a > t.a)",
        ),
        "a subquery in the list": (
            "CREATE VIEW v AS SELECT a, (SELECT max(u.a) FROM t u WHERE u.b = t.b) AS m FROM t",
            "CREATE VIEW v AS SELECT a, (SELECT min(u.a) FROM t u WHERE u.b = t.b) AS m FROM t",
        ),
        "a common table expression": (
            "CREATE VIEW v AS WITH w AS (SELECT a FROM t) SELECT a FROM w",
            "CREATE VIEW v AS WITH w AS MATERIALIZED (SELECT a FROM t) SELECT a FROM w",
        ),
        "grouping": (
            "CREATE VIEW v AS SELECT a, count(*) AS n FROM t GROUP BY a",
            "CREATE VIEW v AS SELECT a, count(*) AS n FROM t GROUP BY a HAVING count(*) > 1",
        ),
        "a window": (
            "CREATE VIEW v AS SELECT a, rank() OVER (ORDER BY b) AS r FROM t",
            "CREATE VIEW v AS SELECT a, rank() OVER (PARTITION BY c ORDER BY b) AS r FROM t",
        ),
        "values": ("CREATE VIEW v AS VALUES (1), (2)", "CREATE VIEW v AS VALUES (1), (3)"),
        "a lateral join": (
            "CREATE VIEW v AS SELECT t.a, s.x FROM t, LATERAL (SELECT t.a + 1 AS x) s",
            "CREATE VIEW v AS SELECT t.a, s.x FROM t, LATERAL (SELECT t.a + 2 AS x) s",
        ),
        "a function in FROM": (
            "CREATE VIEW v AS SELECT g FROM generate_series(1, 2) g",
            "CREATE VIEW v AS SELECT g FROM generate_series(1, 3) g",
        ),
        "a cast in a view": (
            "CREATE VIEW v AS SELECT a::text AS a FROM t",
            "CREATE VIEW v AS SELECT a::varchar AS a FROM t",
        ),
        "a case in a view": (
            "CREATE VIEW v AS SELECT CASE WHEN a > 0 THEN 't.a' ELSE b END AS x FROM t",
            "CREATE VIEW v AS SELECT CASE WHEN a > 0 THEN 'a' ELSE b END AS x FROM t",
        ),
        "a whole row": (
            "CREATE VIEW v AS SELECT t AS r FROM t",
            "CREATE VIEW v AS SELECT t.* FROM t",
        ),
        "a view with an alias": (
            'CREATE VIEW v AS SELECT x.a FROM t AS "x y" (a, b), t x',
            "CREATE VIEW v AS SELECT y.a FROM t x, t y",
        ),
        "odd names in a view": (
            'CREATE TABLE "t.t" ("t.a" int, "A""B" int); CREATE VIEW v AS SELECT "t.a", "A""B" FROM "t.t"',
            'CREATE TABLE "t.t" ("t.a" int, "A""B" int); CREATE VIEW v AS SELECT "t.a", "A""B" FROM "t.t" WHERE "A""B" = 1',
        ),
        "distinct": (
            "CREATE VIEW v AS SELECT a FROM t",
            "CREATE VIEW v AS SELECT DISTINCT a FROM t",
        ),
        "distinct on": (
            "CREATE VIEW v AS SELECT DISTINCT ON (b) a FROM t ORDER BY b",
            "CREATE VIEW v AS SELECT DISTINCT ON (b) a FROM t ORDER BY b, a",
        ),
        "a recursive view": (
            "CREATE RECURSIVE VIEW v (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM v WHERE n < 10",
            "CREATE RECURSIVE VIEW v (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM v WHERE n < 20",
        ),
        "an order by a column that is hidden": (
            "CREATE VIEW v AS SELECT b, c AS a FROM t ORDER BY t.a",
            "CREATE VIEW v AS SELECT b, c AS a FROM t ORDER BY c",
        ),
        "a grouping by a column that is hidden": (
            "CREATE VIEW v AS SELECT count(*) AS a FROM t GROUP BY t.a ORDER BY t.a",
            "CREATE VIEW v AS SELECT count(*) AS a FROM t GROUP BY t.a ORDER BY count(*)",
        ),
        "a schema with the table's name": (
            "CREATE SCHEMA {own}t; CREATE TABLE {own}t.{own}t (a int); CREATE VIEW v AS SELECT a FROM {own}t.{own}t",
            "CREATE SCHEMA {own}t; CREATE TABLE {own}t.{own}t (a int); CREATE VIEW v AS SELECT a FROM {own}t.{own}t WHERE a > 0",
        ),
        "a field of a row": (
            "CREATE TYPE r AS (x int, y int); CREATE TABLE q (r r); CREATE VIEW v AS SELECT (r).x FROM q",
            "CREATE TYPE r AS (x int, y int); CREATE TABLE q (r r); CREATE VIEW v AS SELECT (r).y FROM q",
        ),
        "ordinality": (
            "CREATE VIEW v AS SELECT g.x FROM generate_series(1, 2) g (x)",
            "CREATE VIEW v AS SELECT g.x FROM generate_series(1, 2) WITH ORDINALITY g (x, n)",
        ),
        "an array subscript": (
            "CREATE VIEW v AS SELECT e[1] AS x FROM t",
            "CREATE VIEW v AS SELECT e[2] AS x FROM t",
        ),
        "a set operation below": (
            "CREATE VIEW v AS SELECT q.a FROM (SELECT a FROM t UNION SELECT 1) q",
            "CREATE VIEW v AS SELECT q.a FROM (SELECT a FROM t UNION SELECT 2) q",
        ),
        "an update through a rule": (
            "CREATE VIEW v AS SELECT a, b FROM t; CREATE RULE r AS ON UPDATE TO v DO INSTEAD UPDATE t SET b = new.b WHERE t.a = old.a",
            "CREATE VIEW v AS SELECT a, b FROM t; CREATE RULE r AS ON UPDATE TO v DO INSTEAD UPDATE t SET b = new.b WHERE t.a > old.a",
        ),
        "a tie of a limit": (
            "CREATE VIEW v AS SELECT a FROM t ORDER BY a FETCH FIRST 1 ROW ONLY",
            "CREATE VIEW v AS SELECT a FROM t ORDER BY a FETCH FIRST 1 ROW WITH TIES",
        ),
        "a named window": (
            "CREATE VIEW v AS SELECT sum(a) OVER w AS s FROM t WINDOW w AS (ORDER BY b)",
            "CREATE VIEW v AS SELECT sum(a) OVER w AS s FROM t WINDOW w AS (ORDER BY c)",
        ),
        "jsonb in a view": (
            "CREATE VIEW v AS SELECT h -> 'a' AS x FROM t",
            "CREATE VIEW v AS SELECT h ->> 'a' AS x FROM t",
        ),
        "extract in a view": (
            "CREATE VIEW v AS SELECT extract(year FROM d) AS x FROM t",
            "CREATE VIEW v AS SELECT extract(month FROM d) AS x FROM t",
        ),
        "an aggregate with a filter": (
            "CREATE VIEW v AS SELECT count(*) FILTER (WHERE a > 0) AS n FROM t",
            "CREATE VIEW v AS SELECT count(*) FILTER (WHERE a > 1) AS n FROM t",
        ),
        "tablesample": (
            "CREATE VIEW v AS SELECT a FROM t",
            "CREATE VIEW v AS SELECT a FROM t TABLESAMPLE system (10)",
        ),
        "for update": (
            "CREATE VIEW v AS SELECT a FROM t",
            "CREATE VIEW v AS SELECT a FROM t FOR UPDATE",
        ),
        "a limit": (
            "CREATE VIEW v AS SELECT a FROM t LIMIT 1",
            "CREATE VIEW v AS SELECT a FROM t LIMIT 2",
        ),
        "a view over a view": (
            "CREATE VIEW w AS SELECT a FROM t; CREATE VIEW v AS SELECT a FROM w",
            "CREATE VIEW w AS SELECT a FROM t; CREATE VIEW v AS SELECT a FROM t",
        ),
        "grouping sets": (
            "CREATE VIEW v AS SELECT a, b, count(*) AS n FROM t GROUP BY ROLLUP (a, b)",
            "CREATE VIEW v AS SELECT a, b, count(*) AS n FROM t GROUP BY CUBE (a, b)",
        ),
        "a materialized view": "CREATE MATERIALIZED VIEW m AS SELECT a FROM t",
        "another materialized view": (
            "CREATE MATERIALIZED VIEW m AS SELECT a FROM t",
            "CREATE MATERIALIZED VIEW m AS SELECT a FROM t WHERE b = ''",
        ),
        "a materialized view's parameter": (
            "CREATE MATERIALIZED VIEW m AS SELECT a FROM t",
            "CREATE MATERIALIZED VIEW m WITH (fillfactor = 50) AS SELECT a FROM t",
        ),
        "a materialized view's index": (
            "CREATE MATERIALIZED VIEW m AS SELECT a FROM t",
            "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE UNIQUE INDEX i ON m (a)",
        ),
        "a materialized view's statistics target": (
            "CREATE MATERIALIZED VIEW m AS SELECT a FROM t",
            "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 7",
        ),
        "a view made a table": (
            "CREATE VIEW v AS SELECT a FROM t",
            "CREATE TABLE v AS SELECT a FROM t",
        ),
    },
)
add(
    TABLE,
    {
        "a view with security of the invoker": (
            "CREATE VIEW v AS SELECT a FROM t",
            "CREATE VIEW v WITH (security_invoker) AS SELECT a FROM t",
        ),
        "nulls not distinct in an index": (
            "CREATE UNIQUE INDEX i ON t (a)",
            "CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT",
        ),
        "nulls not distinct, parameter and predicate": (
            "CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT WHERE a > 0",
            "CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT WITH (fillfactor = 50) WHERE a > 0",
        ),
        "nulls not distinct in a constraint": (
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)",
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a)",
        ),
        "a publication's columns": (
            "CREATE PUBLICATION {own} FOR TABLE t",
            "CREATE PUBLICATION {own} FOR TABLE t (a, b)",
        ),
        "a publication's filter": (
            "CREATE PUBLICATION {own} FOR TABLE t",
            "CREATE PUBLICATION {own} FOR TABLE t WHERE (a > 0)",
        ),
        "a publication of a schema": (
            "CREATE PUBLICATION {own}",
            "CREATE PUBLICATION {own} FOR TABLES IN SCHEMA {own}",
        ),
        "an oddly named publication of a schema": (
            'CREATE SCHEMA "{own}: y"; CREATE PUBLICATION "{own}: p"',
            'CREATE SCHEMA "{own}: y"; CREATE PUBLICATION "{own}: p" FOR TABLES IN SCHEMA "{own}: y"',
        ),
        "an oddly named publication of a table": (
            'CREATE TABLE "t: u" (a int); CREATE PUBLICATION "{own}: p"',
            'CREATE TABLE "t: u" (a int); CREATE PUBLICATION "{own}: p" FOR TABLE "t: u"',
        ),
        "an unlogged sequence": ("CREATE SEQUENCE s", "CREATE UNLOGGED SEQUENCE s"),
    },
    since=15,
)
add(
    TABLE,
    {
        "json in a view": (
            "CREATE VIEW v AS SELECT JSON_OBJECT('a': a) AS j FROM t",
            "CREATE VIEW v AS SELECT JSON_OBJECT('a': a ABSENT ON NULL) AS j FROM t",
        ),
        "is json in a check": (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (b IS JSON)",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (b IS JSON OBJECT)",
        ),
    },
    since=16,
)
add(
    TABLE,
    {
        "identity in a partitioned table": (
            "CREATE TABLE p (a int NOT NULL) PARTITION BY RANGE (a)",
            "CREATE TABLE p (a int GENERATED ALWAYS AS IDENTITY) PARTITION BY RANGE (a)",
        ),
        "json_table in a view": (
            "CREATE VIEW v AS SELECT j.x FROM t, JSON_TABLE(h, '$' COLUMNS (x int PATH '$.x')) j",
            "CREATE VIEW v AS SELECT j.x FROM t, JSON_TABLE(h, '$' COLUMNS (x int PATH '$.y')) j",
        ),
        "a partitioned table's access method": (
            "CREATE ACCESS METHOD {own} TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE p (a int) PARTITION BY RANGE (a)",
            "CREATE ACCESS METHOD {own} TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE p (a int) PARTITION BY RANGE (a) USING {own}",
        ),
    },
    since=17,
)
add(
    TABLE,
    {
        "virtual instead of stored": (
            "ALTER TABLE t ADD z int GENERATED ALWAYS AS (a + 1) STORED",
            "ALTER TABLE t ADD z int GENERATED ALWAYS AS (a + 1) VIRTUAL",
        ),
        "not null without heirs": (
            "ALTER TABLE t ALTER a SET NOT NULL",
            "ALTER TABLE t ADD NOT NULL a NO INHERIT",
        ),
        "a not null that is named": (
            "ALTER TABLE t ADD CONSTRAINT foo NOT NULL a",
            "ALTER TABLE t ADD CONSTRAINT foo NOT NULL a NOT VALID",
        ),
        "not null not valid": (
            "ALTER TABLE t ALTER a SET NOT NULL",
            "ALTER TABLE t ADD NOT NULL a NOT VALID",
        ),
        "a check not enforced": (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED",
        ),
        "not enforced instead of not valid": (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED",
        ),
        "a foreign key not enforced": (
            "ALTER TABLE t ADD PRIMARY KEY (a), ADD z int CONSTRAINT f REFERENCES t",
            "ALTER TABLE t ADD PRIMARY KEY (a), ADD z int CONSTRAINT f REFERENCES t NOT ENFORCED",
        ),
        "a period without overlaps": (
            "ALTER TABLE t ADD p int4range, ADD q int4range; ALTER TABLE t ADD CONSTRAINT u UNIQUE (p, q)",
            "ALTER TABLE t ADD p int4range, ADD q int4range; ALTER TABLE t ADD CONSTRAINT u UNIQUE (p, q WITHOUT OVERLAPS)",
        ),
        "a publication of generated columns": (
            "CREATE PUBLICATION {own}",
            "CREATE PUBLICATION {own} WITH (publish_generated_columns = stored)",
        ),
        "group by in a view": (
            "CREATE VIEW v AS SELECT a + 1 AS x, count(*) AS n FROM t GROUP BY a + 1",
            "CREATE VIEW v AS SELECT a + 2 AS x, count(*) AS n FROM t GROUP BY a + 2",
        ),
    },
    since=18,
)

# Identity and generated columns, sequences

IDENTITY = "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, a int)"
add(
    IDENTITY,
    {
        "identity by default": "ALTER TABLE t ALTER id SET GENERATED BY DEFAULT",
        "identity no more": "ALTER TABLE t ALTER id DROP IDENTITY",
        "an identity's start": "ALTER TABLE t ALTER id SET START 5",
        "an identity's increment": "ALTER TABLE t ALTER id SET INCREMENT 5",
        "an identity's maximum": "ALTER TABLE t ALTER id SET MAXVALUE 500",
        "an identity's minimum": "ALTER TABLE t ALTER id SET MINVALUE -5",
        "an identity's cache": "ALTER TABLE t ALTER id SET CACHE 5",
        "an identity's cycle": "ALTER TABLE t ALTER id SET CYCLE",
        "an identity's sequence renamed": "ALTER SEQUENCE t_id_seq RENAME TO other",
        "an identity of another type": "ALTER TABLE t ALTER id TYPE integer",
    },
)
add(
    "CREATE TABLE t (a int, b int)",
    {
        "a generated column": (
            "ALTER TABLE t ADD g int",
            "ALTER TABLE t ADD g int GENERATED ALWAYS AS (a + 1) STORED",
        ),
        "another expression": (
            "ALTER TABLE t ADD g int GENERATED ALWAYS AS (a + 1) STORED",
            "ALTER TABLE t ADD g int GENERATED ALWAYS AS (a + 2) STORED",
        ),
        "a default instead": (
            "ALTER TABLE t ADD g int GENERATED ALWAYS AS (1) STORED",
            "ALTER TABLE t ADD g int DEFAULT 1",
        ),
        "serial": ("ALTER TABLE t ADD s int", "ALTER TABLE t ADD s serial"),
        "a serial that nobody owns": (
            "ALTER TABLE t ADD s serial",
            "ALTER TABLE t ADD s serial; ALTER SEQUENCE t_s_seq OWNED BY NONE",
        ),
        "identity instead of serial": (
            "ALTER TABLE t ADD s serial",
            "ALTER TABLE t ADD s int GENERATED BY DEFAULT AS IDENTITY",
        ),
    },
)
add(
    "CREATE SEQUENCE s",
    {
        "a sequence more": "CREATE SEQUENCE s2",
        "a sequence's type": (
            "ALTER SEQUENCE s AS bigint MAXVALUE 1000",
            "ALTER SEQUENCE s AS smallint MAXVALUE 1000",
        ),
        "a sequence's start": "ALTER SEQUENCE s START 7",
        "a sequence's increment": "ALTER SEQUENCE s INCREMENT 2",
        "a falling sequence": "ALTER SEQUENCE s INCREMENT -1 MINVALUE -10 MAXVALUE 10",
        "a sequence's minimum": "ALTER SEQUENCE s MINVALUE 0",
        "a sequence's maximum": "ALTER SEQUENCE s MAXVALUE 9",
        "a sequence's cache": "ALTER SEQUENCE s CACHE 9",
        "a sequence's cycle": "ALTER SEQUENCE s CYCLE",
        "a sequence's owner column": (
            "CREATE TABLE t (a int)",
            "CREATE TABLE t (a int); ALTER SEQUENCE s OWNED BY t.a",
        ),
        "another owner column": (
            "CREATE TABLE t (a int, b int); ALTER SEQUENCE s OWNED BY t.b",
            "CREATE TABLE t (a int, b int); ALTER SEQUENCE s OWNED BY t.a",
        ),
    },
)

# Foreign keys

KEYS = """
CREATE TABLE p (a int, b int, c int, CONSTRAINT pk PRIMARY KEY (a, b), CONSTRAINT u UNIQUE (b, a));
CREATE TABLE t (x int, y int)"""
FOREIGN = "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (x, y) REFERENCES p"
add(
    KEYS,
    {
        "a foreign key": FOREIGN,
        "a foreign key to other columns": (FOREIGN, f"{FOREIGN} (b, a)"),
        "on delete cascade": (FOREIGN, f"{FOREIGN} ON DELETE CASCADE"),
        "on delete restrict": (FOREIGN, f"{FOREIGN} ON DELETE RESTRICT"),
        "on delete set null": (FOREIGN, f"{FOREIGN} ON DELETE SET NULL"),
        "on delete set default": (FOREIGN, f"{FOREIGN} ON DELETE SET DEFAULT"),
        "on update cascade": (FOREIGN, f"{FOREIGN} ON UPDATE CASCADE"),
        "on update and on delete": (f"{FOREIGN} ON UPDATE CASCADE", f"{FOREIGN} ON DELETE CASCADE"),
        "match full": (FOREIGN, f"{FOREIGN} MATCH FULL"),
        "deferrable": (FOREIGN, f"{FOREIGN} DEFERRABLE"),
        "initially deferred": (f"{FOREIGN} DEFERRABLE", f"{FOREIGN} DEFERRABLE INITIALLY DEFERRED"),
        "a foreign key not valid": (FOREIGN, f"{FOREIGN} NOT VALID"),
        "a deferred one not valid": (
            f"{FOREIGN} DEFERRABLE INITIALLY DEFERRED",
            f"{FOREIGN} DEFERRABLE INITIALLY DEFERRED NOT VALID",
        ),
        "a foreign key renamed": (FOREIGN, FOREIGN.replace(" f ", " g ")),
    },
)
add(
    KEYS,
    {
        "columns to set null": (
            f"{FOREIGN} ON DELETE SET NULL",
            f"{FOREIGN} ON DELETE SET NULL (x)",
        ),
    },
    since=15,
)

# Partitions and inheritance

PARTITIONED = """
CREATE TABLE p (a int NOT NULL, b text) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)"""
add(
    PARTITIONED,
    {
        "a partition more": "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)",
        "a default partition": "CREATE TABLE p2 PARTITION OF p DEFAULT",
        "a partition detached": "ALTER TABLE p DETACH PARTITION p1",
        "bounds": "ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (0) TO (11)",
        "open bounds": "ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (MINVALUE) TO (10)",
        "a default of a partition": "ALTER TABLE p1 ALTER b SET DEFAULT 'x'",
        "not null in a partition": "ALTER TABLE p1 ALTER b SET NOT NULL",
        "a check of a partition": "ALTER TABLE p1 ADD CONSTRAINT k CHECK (a > 0)",
        "an index of all partitions": "CREATE INDEX i ON p (a)",
        "an index of the parent only": ("CREATE INDEX i ON p (a)", "CREATE INDEX i ON ONLY p (a)"),
        "an index not attached": (
            "CREATE INDEX i ON ONLY p (a); CREATE INDEX i1 ON p1 (a); ALTER INDEX i ATTACH PARTITION i1",
            "CREATE INDEX i ON ONLY p (a); CREATE INDEX i1 ON p1 (a)",
        ),
        "a primary key of all partitions": "ALTER TABLE p ADD PRIMARY KEY (a)",
        "a foreign key of all partitions": "CREATE TABLE q (b text PRIMARY KEY); ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES q",
        "a foreign key of a partition": "CREATE TABLE q (b text PRIMARY KEY); ALTER TABLE p1 ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES q",
        "a partition's storage parameter": "ALTER TABLE p1 SET (fillfactor = 50)",
        "a partition that is partitioned": "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY LIST (b)",
        "a trigger of all partitions": "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()",
        "a trigger disabled in a partition": (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE p1 DISABLE TRIGGER g",
        ),
        "a trigger disabled in all partitions": (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE p DISABLE TRIGGER g",
        ),
        "a trigger disabled but in its partitions": (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE ONLY p DISABLE TRIGGER g",
        ),
    },
)
add(
    "",
    {
        "a partition key": (
            "CREATE TABLE p (a int, b int) PARTITION BY RANGE (a)",
            "CREATE TABLE p (a int, b int) PARTITION BY RANGE (b)",
        ),
        "a way of partitioning": (
            "CREATE TABLE p (a int, b int) PARTITION BY RANGE (a)",
            "CREATE TABLE p (a int, b int) PARTITION BY LIST (a)",
        ),
        "an expression as key": (
            "CREATE TABLE p (a int, b int) PARTITION BY RANGE ((a + 1))",
            "CREATE TABLE p (a int, b int) PARTITION BY RANGE ((a + 2))",
        ),
        "a key's operator class": (
            "CREATE TABLE p (b text) PARTITION BY RANGE (b)",
            "CREATE TABLE p (b text) PARTITION BY RANGE (b text_pattern_ops)",
        ),
        "a key's collation": (
            "CREATE TABLE p (b text) PARTITION BY RANGE (b)",
            'CREATE TABLE p (b text) PARTITION BY RANGE (b COLLATE "C")',
        ),
        "a modulus": (
            "CREATE TABLE p (a int) PARTITION BY HASH (a); CREATE TABLE q PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
            "CREATE TABLE p (a int) PARTITION BY HASH (a); CREATE TABLE q PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
        ),
        "listed values": (
            "CREATE TABLE p (a text) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p FOR VALUES IN ('x')",
            "CREATE TABLE p (a text) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p FOR VALUES IN ('x', NULL)",
        ),
        "a bound in time": (
            "CREATE TABLE p (a timestamptz) PARTITION BY RANGE (a); CREATE TABLE q PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
            "CREATE TABLE p (a timestamptz) PARTITION BY RANGE (a); CREATE TABLE q PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-03-01')",
        ),
        "a plain table instead": (
            "CREATE TABLE p (a int)",
            "CREATE TABLE p (a int) PARTITION BY RANGE (a)",
        ),
    },
)
HEIRS = "CREATE TABLE p (a int, b text DEFAULT 'x', CONSTRAINT k CHECK (a > 0))"
add(
    HEIRS,
    {
        "an heir": (
            "CREATE TABLE t (a int, b text DEFAULT 'x', CONSTRAINT k CHECK (a > 0))",
            "CREATE TABLE t () INHERITS (p)",
        ),
        "an heir's own column": (
            "CREATE TABLE t () INHERITS (p)",
            "CREATE TABLE t (z int) INHERITS (p)",
        ),
        "a column declared again": (
            "CREATE TABLE t () INHERITS (p)",
            "CREATE TABLE t (a int) INHERITS (p)",
        ),
        "an heir's default": (
            "CREATE TABLE t () INHERITS (p)",
            "CREATE TABLE t () INHERITS (p); ALTER TABLE t ALTER b SET DEFAULT 'y'",
        ),
        "an heir's not null": (
            "CREATE TABLE t () INHERITS (p)",
            "CREATE TABLE t () INHERITS (p); ALTER TABLE t ALTER b SET NOT NULL",
        ),
        "an heir's check": (
            "CREATE TABLE t () INHERITS (p)",
            "CREATE TABLE t (CONSTRAINT l CHECK (a > 1)) INHERITS (p)",
        ),
        "a check declared again": (
            "CREATE TABLE t () INHERITS (p)",
            "CREATE TABLE t (CONSTRAINT k CHECK (a > 0)) INHERITS (p)",
        ),
        "parents in another order": (
            "CREATE TABLE q (c int); CREATE TABLE t () INHERITS (p, q)",
            "CREATE TABLE q (c int); CREATE TABLE t () INHERITS (q, p)",
        ),
        "one parent more": (
            "CREATE TABLE q (a int); CREATE TABLE t () INHERITS (p)",
            "CREATE TABLE q (a int); CREATE TABLE t () INHERITS (p, q)",
        ),
    },
)

# Types

add(
    "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TYPE r AS (x int, y text); CREATE DOMAIN d AS int",
    {
        "a label": "ALTER TYPE e ADD VALUE 'c'",
        "a label before": "ALTER TYPE e ADD VALUE 'c' BEFORE 'b'",
        "a label renamed": "ALTER TYPE e RENAME VALUE 'b' TO 'c'",
        "a label with a comma": (
            "CREATE TYPE f AS ENUM ('a, b')",
            "CREATE TYPE f AS ENUM ('a', 'b')",
        ),
        "a label with a quote": (
            "CREATE TYPE f AS ENUM ('a''b')",
            "CREATE TYPE f AS ENUM ('a\"b')",
        ),
        "labels in another order": (
            "CREATE TYPE f AS ENUM ('a', 'b')",
            "CREATE TYPE f AS ENUM ('b', 'a')",
        ),
        "an enum without labels": ("CREATE TYPE f AS ENUM ('a')", "CREATE TYPE f AS ENUM ()"),
        "an enum renamed": "ALTER TYPE e RENAME TO f",
        "a domain's default": "ALTER DOMAIN d SET DEFAULT 1",
        "a domain's not null": "ALTER DOMAIN d SET NOT NULL",
        "a domain's check": "ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 0)",
        "another check of a domain": (
            "ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 0)",
            "ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 1)",
        ),
        "a domain's check not valid": (
            "ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 0)",
            "ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 0) NOT VALID",
        ),
        "a domain's base type": ("CREATE DOMAIN c AS int", "CREATE DOMAIN c AS bigint"),
        "a domain's length": ("CREATE DOMAIN c AS varchar(5)", "CREATE DOMAIN c AS varchar(6)"),
        "a domain's collation": ("CREATE DOMAIN c AS text", 'CREATE DOMAIN c AS text COLLATE "C"'),
        "a domain of a domain": ("CREATE DOMAIN c AS int", "CREATE DOMAIN c AS d"),
        "a domain of an enum": ("CREATE DOMAIN c AS text", "CREATE DOMAIN c AS e"),
        "an attribute": "ALTER TYPE r ADD ATTRIBUTE z int",
        "an attribute's type": "ALTER TYPE r ALTER ATTRIBUTE x TYPE bigint",
        "an attribute renamed": "ALTER TYPE r RENAME ATTRIBUTE x TO z",
        "an attribute's collation": 'ALTER TYPE r ALTER ATTRIBUTE y TYPE text COLLATE "C"',
        "attributes in another order": (
            "CREATE TYPE q AS (x int, y int)",
            "CREATE TYPE q AS (y int, x int)",
        ),
        "a composite type without attributes": ("CREATE TYPE q AS ()", "CREATE TYPE q AS (x int)"),
        "a shell": "CREATE TYPE q",
        "a range": "CREATE TYPE q AS RANGE (subtype = float8)",
        "a range's subtype": (
            "CREATE TYPE q AS RANGE (subtype = float8)",
            "CREATE TYPE q AS RANGE (subtype = float4)",
        ),
        "a range's difference": (
            "CREATE TYPE q AS RANGE (subtype = float8)",
            "CREATE TYPE q AS RANGE (subtype = float8, subtype_diff = float8mi)",
        ),
        "a range's collation": (
            "CREATE TYPE q AS RANGE (subtype = text)",
            'CREATE TYPE q AS RANGE (subtype = text, collation = "C")',
        ),
        "a range's operator class": (
            "CREATE TYPE q AS RANGE (subtype = text)",
            "CREATE TYPE q AS RANGE (subtype = text, subtype_opclass = text_pattern_ops)",
        ),
        "a multirange's name": (
            "CREATE TYPE q AS RANGE (subtype = text)",
            "CREATE TYPE q AS RANGE (subtype = text, multirange_type_name = many)",
        ),
        "an array of an enum": ("CREATE TABLE t (a e)", "CREATE TABLE t (a e[])"),
        "a column of a composite type": ("CREATE TABLE t (a text)", "CREATE TABLE t (a r)"),
        "a column of a domain": ("CREATE TABLE t (a int)", "CREATE TABLE t (a d)"),
        "a default of an enum": (
            "CREATE TABLE t (a e DEFAULT 'a')",
            "CREATE TABLE t (a e DEFAULT 'b')",
        ),
        "a cast": "CREATE CAST (r AS e) WITH INOUT",
        "a cast's context": (
            "CREATE CAST (r AS e) WITH INOUT",
            "CREATE CAST (r AS e) WITH INOUT AS ASSIGNMENT",
        ),
        "a cast's method": (
            "CREATE FUNCTION f(r) RETURNS e LANGUAGE sql AS 'SELECT NULL::text::{own}.e'; CREATE CAST (r AS e) WITH INOUT",
            "CREATE FUNCTION f(r) RETURNS e LANGUAGE sql AS 'SELECT NULL::text::{own}.e'; CREATE CAST (r AS e) WITH FUNCTION f(r)",
        ),
    },
)
BASE_TYPE = """
CREATE TYPE b; CREATE FUNCTION b_in(cstring) RETURNS b LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION b_out(b) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'"""
MADE = "CREATE TYPE b (input = b_in, output = b_out"
add(
    BASE_TYPE,
    {
        "a base type": f"{MADE})",
        "a base type's storage": (f"{MADE})", f"{MADE}, storage = extended)"),
        "a base type's alignment": (f"{MADE})", f"{MADE}, alignment = double)"),
        "a base type's category": (f"{MADE})", f"{MADE}, category = 'S')"),
        "a preferred base type": (f"{MADE})", f"{MADE}, preferred = true)"),
        "a base type's delimiter": (f"{MADE})", f"{MADE}, delimiter = ';')"),
        "a collatable base type": (f"{MADE})", f"{MADE}, collatable = true)"),
        "a base type's default": (f"{MADE})", f"{MADE}, default = 'x')"),
    },
)

# Functions, procedures, aggregates, operators

FUNCTION = "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql"
ONE = f"{FUNCTION} AS 'SELECT 1'"
add(
    "",
    {
        "a function": ONE,
        "a body": (ONE, f"{FUNCTION} AS 'SELECT 2'"),
        "white space in a body": (ONE, f"{FUNCTION} AS 'SELECT  1'"),
        "an argument more": (ONE, ONE.replace("(a int)", "(a int, b int)")),
        "an argument's type": (ONE, ONE.replace("(a int)", "(a bigint)")),
        "an argument's name": (ONE, ONE.replace("(a int)", "(z int)")),
        "an argument's default": (ONE, ONE.replace("(a int)", "(a int DEFAULT 5)")),
        "an argument's mode": (
            "CREATE FUNCTION f(a int, OUT b int) LANGUAGE sql AS 'SELECT 1'",
            "CREATE FUNCTION f(a int, INOUT b int) LANGUAGE sql AS 'SELECT 1'",
        ),
        "variadic": (
            "CREATE FUNCTION f(a int[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE FUNCTION f(VARIADIC a int[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ),
        "an overloaded function": (ONE, f"{ONE}; {ONE.replace('(a int)', '(a text)')}"),
        "a result": (ONE, ONE.replace("RETURNS int", "RETURNS bigint")),
        "a set": (ONE, ONE.replace("RETURNS int", "RETURNS SETOF int")),
        "a table": (
            "CREATE FUNCTION f() RETURNS TABLE (x int) LANGUAGE sql AS 'SELECT 1'",
            "CREATE FUNCTION f() RETURNS TABLE (y int) LANGUAGE sql AS 'SELECT 1'",
        ),
        "a language": (
            f"SET check_function_bodies = off; {ONE}",
            f"SET check_function_bodies = off; {ONE}".replace("LANGUAGE sql", "LANGUAGE plpgsql"),
        ),
        "immutable": (ONE, f"{ONE} IMMUTABLE"),
        "stable": (f"{ONE} IMMUTABLE", f"{ONE} STABLE"),
        "strict": (ONE, f"{ONE} STRICT"),
        "security definer": (ONE, f"{ONE} SECURITY DEFINER"),
        "leakproof": (ONE, f"{ONE} LEAKPROOF"),
        "parallel safe": (ONE, f"{ONE} PARALLEL SAFE"),
        "parallel restricted": (f"{ONE} PARALLEL SAFE", f"{ONE} PARALLEL RESTRICTED"),
        "a cost": (ONE, f"{ONE} COST 7"),
        "rows": (
            f"{FUNCTION.replace('RETURNS int', 'RETURNS SETOF int')} AS 'SELECT 1'",
            f"{FUNCTION.replace('RETURNS int', 'RETURNS SETOF int')} ROWS 7 AS 'SELECT 1'",
        ),
        "a setting": (ONE, f"{ONE} SET work_mem = '8MB'"),
        "a search_path": (
            f"{ONE} SET search_path = pg_catalog",
            f"{ONE} SET search_path = pg_catalog, public",
        ),
        "an odd name in a search_path": (
            f'{ONE} SET search_path = pg_catalog, "b, c=d"',
            f"""{ONE} SET search_path = pg_catalog, "b", "c=d" SET application_name = 'x, y=1'""",
        ),
        "settings that read alike": (
            f"{ONE} SET my.thing = 'x, a.y=1'",
            f"{ONE} SET my.thing = 'x' SET a.y = '1'",
        ),
        "a support function": (
            "CREATE FUNCTION f(text, text) RETURNS bool LANGUAGE internal STRICT IMMUTABLE AS 'texteq'",
            "CREATE FUNCTION f(text, text) RETURNS bool LANGUAGE internal STRICT IMMUTABLE SUPPORT pg_catalog.textlike_support AS 'texteq'",
        ),
        "a window function": (
            "CREATE FUNCTION f() RETURNS bigint LANGUAGE internal AS 'window_row_number'",
            "CREATE FUNCTION f() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number'",
        ),
        "a parsed body": (f"{FUNCTION} RETURN a + 1", f"{FUNCTION} RETURN a + 2"),
        "an atomic body": (
            f"{FUNCTION} BEGIN ATOMIC SELECT a; SELECT 1; END",
            f"{FUNCTION} BEGIN ATOMIC SELECT a; SELECT 2; END",
        ),
        "a parsed body instead of a text": (
            f"{FUNCTION} AS 'SELECT a'",
            f"{FUNCTION} BEGIN ATOMIC SELECT a; END",
        ),
        "an atomic body over a table": (
            "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC SELECT a FROM t; END",
            "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC SELECT a FROM t WHERE a > 0; END",
        ),
        "a function that goes with an extension": (
            f"{ONE}",
            f"{ONE}; ALTER ROUTINE f DEPENDS ON EXTENSION plpgsql",
        ),
        "a function of a trigger": (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN old; END'",
        ),
        "a procedure": (
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS ''",
            "CREATE PROCEDURE f() LANGUAGE sql AS ''",
        ),
        "a procedure's body": (
            "CREATE PROCEDURE f(a int) LANGUAGE sql AS 'SELECT 1'",
            "CREATE PROCEDURE f(a int) LANGUAGE sql AS 'SELECT 2'",
        ),
        "a procedure's security": (
            "CREATE PROCEDURE f(a int) LANGUAGE sql AS 'SELECT 1'",
            "CREATE PROCEDURE f(a int) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        ),
        "an out argument of a procedure": (
            "CREATE PROCEDURE f(INOUT a int) LANGUAGE sql AS 'SELECT 1'",
            "CREATE PROCEDURE f(OUT a int) LANGUAGE sql AS 'SELECT 1'",
        ),
        "an odd name of a function": (
            "CREATE FUNCTION \"f(a)\"() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE FUNCTION \"f(b)\"() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ),
        "an aggregate": "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int)",
        "an aggregate's start": (
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int)",
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int, initcond = '0')",
        ),
        "an aggregate's function": (
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int)",
            "CREATE AGGREGATE g (int) (sfunc = int4mul, stype = int)",
        ),
        "an aggregate's final function": (
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int)",
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int, finalfunc = int4um)",
        ),
        "an aggregate's combination": (
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int)",
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int, combinefunc = int4pl)",
        ),
        "a parallel aggregate": (
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int)",
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int, parallel = safe)",
        ),
        "a moving aggregate": (
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int)",
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int, msfunc = int4pl, minvfunc = int4mi, mstype = int)",
        ),
        "an aggregate's space": (
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int)",
            "CREATE AGGREGATE g (int) (sfunc = int4pl, stype = int, sspace = 100)",
        ),
        "an aggregate's sort operator": (
            "CREATE AGGREGATE g (int) (sfunc = int4larger, stype = int)",
            "CREATE AGGREGATE g (int) (sfunc = int4larger, stype = int, sortop = >)",
        ),
        "an ordered-set aggregate": (
            "CREATE AGGREGATE g (float8 ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra)",
            "CREATE AGGREGATE g (float8 ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra, finalfunc_modify = shareable)",
        ),
        "an operator": "CREATE OPERATOR @+@ (leftarg = int, rightarg = int, function = int4pl)",
        "an operator's function": (
            "CREATE OPERATOR @+@ (leftarg = int, rightarg = int, function = int4pl)",
            "CREATE OPERATOR @+@ (leftarg = int, rightarg = int, function = int4mi)",
        ),
        "an operator's commutator": (
            "CREATE OPERATOR @+@ (leftarg = int, rightarg = int, function = int4pl)",
            "CREATE OPERATOR @+@ (leftarg = int, rightarg = int, function = int4pl, commutator = OPERATOR({own}.@+@))",
        ),
        "a prefix operator": (
            "CREATE OPERATOR @+@ (leftarg = int, rightarg = int, function = int4pl)",
            "CREATE OPERATOR @+@ (rightarg = int, function = int4um)",
        ),
        "an operator's estimate": (
            "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq)",
            "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq, restrict = eqsel)",
        ),
        "an operator's join estimate": (
            "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq)",
            "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq, join = eqjoinsel)",
        ),
        "an operator that hashes": (
            "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq, commutator = ===)",
            "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq, commutator = ===, hashes)",
        ),
        "an operator that merges": (
            "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq, commutator = ===)",
            "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq, commutator = ===, merges)",
        ),
        "a negator": (
            "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq); "
            "CREATE OPERATOR !== (leftarg = int, rightarg = int, function = int4ne)",
            "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq, "
            "negator = OPERATOR({own}.!==)); CREATE OPERATOR !== (leftarg = int, rightarg = int, "
            "function = int4ne, negator = OPERATOR({own}.===))",
        ),
        "an operator family": "CREATE OPERATOR FAMILY o USING hash",
        "a family's member": (
            "CREATE OPERATOR FAMILY o USING btree",
            "CREATE OPERATOR FAMILY o USING btree; ALTER OPERATOR FAMILY o USING btree ADD OPERATOR 1 <(int4, int8), FUNCTION 1 btint48cmp(int4, int8)",
        ),
        "an operator class of one's own": "CREATE OPERATOR CLASS o FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int)",
        "an operator class's operators": (
            "CREATE OPERATOR CLASS o FOR TYPE int USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int)",
            "CREATE OPERATOR CLASS o FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, FUNCTION 1 btint4cmp(int, int)",
        ),
        "an operator class's functions": (
            "CREATE OPERATOR CLASS o FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int)",
            "CREATE OPERATOR CLASS o FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int), FUNCTION 2 hashint4extended(int, bigint)",
        ),
        "an operator class's family": (
            "CREATE OPERATOR FAMILY p USING hash; CREATE OPERATOR CLASS o FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int)",
            "CREATE OPERATOR FAMILY p USING hash; CREATE OPERATOR CLASS o FOR TYPE int USING hash FAMILY p AS OPERATOR 1 =, FUNCTION 1 hashint4(int)",
        ),
        "a default operator class": (
            "CREATE TYPE e AS (a int); CREATE OPERATOR CLASS o FOR TYPE e USING hash AS OPERATOR 1 =(record, record), FUNCTION 1 hash_record(record)",
            "CREATE TYPE e AS (a int); CREATE OPERATOR CLASS o DEFAULT FOR TYPE e USING hash AS OPERATOR 1 =(record, record), FUNCTION 1 hash_record(record)",
        ),
    },
)

# Triggers

TRIGGERED = """
CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM t;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE FUNCTION f2() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'"""
TRIGGER = "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"
add(
    TRIGGERED,
    {
        "a trigger": TRIGGER,
        "a trigger's time": (TRIGGER, TRIGGER.replace("BEFORE", "AFTER")),
        "a trigger's event": (TRIGGER, TRIGGER.replace("INSERT", "INSERT OR UPDATE")),
        "a trigger's columns": (
            TRIGGER.replace("INSERT", "UPDATE"),
            TRIGGER.replace("INSERT", "UPDATE OF a"),
        ),
        "a trigger's level": (TRIGGER, TRIGGER.replace("ROW", "STATEMENT")),
        "a trigger's condition": (TRIGGER, TRIGGER.replace("EXECUTE", "WHEN (new.a > 0) EXECUTE")),
        "a trigger's function": (TRIGGER, TRIGGER.replace("f()", "f2()")),
        "a trigger's arguments": (TRIGGER, TRIGGER.replace("f()", "f('it''s', 'x')")),
        "a trigger renamed": (TRIGGER, TRIGGER.replace("TRIGGER g", "TRIGGER h")),
        "a trigger disabled": (TRIGGER, f"{TRIGGER}; ALTER TABLE t DISABLE TRIGGER g"),
        "a trigger on replicas": (TRIGGER, f"{TRIGGER}; ALTER TABLE t ENABLE REPLICA TRIGGER g"),
        "a trigger always": (TRIGGER, f"{TRIGGER}; ALTER TABLE t ENABLE ALWAYS TRIGGER g"),
        "transition tables": (
            "CREATE TRIGGER g AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION f()",
            "CREATE TRIGGER g AFTER INSERT ON t REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION f()",
        ),
        "a constraint trigger": (
            "CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        ),
        "a deferred constraint trigger": (
            "CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f()",
        ),
        "a trigger instead": "CREATE TRIGGER g INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f()",
        "a trigger on truncate": "CREATE TRIGGER g BEFORE TRUNCATE ON t EXECUTE FUNCTION f()",
    },
)
EVENT = "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'"
add(
    EVENT,
    {
        "an event trigger": "CREATE EVENT TRIGGER {own} ON ddl_command_end EXECUTE FUNCTION f()",
        "an event": (
            "CREATE EVENT TRIGGER {own} ON ddl_command_end EXECUTE FUNCTION f()",
            "CREATE EVENT TRIGGER {own} ON ddl_command_start EXECUTE FUNCTION f()",
        ),
        "tags": (
            "CREATE EVENT TRIGGER {own} ON ddl_command_end EXECUTE FUNCTION f()",
            "CREATE EVENT TRIGGER {own} ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION f()",
        ),
        "an event trigger disabled": (
            "CREATE EVENT TRIGGER {own} ON ddl_command_end EXECUTE FUNCTION f()",
            "CREATE EVENT TRIGGER {own} ON ddl_command_end EXECUTE FUNCTION f(); ALTER EVENT TRIGGER {own} DISABLE",
        ),
    },
)

# Collations, conversions, text search, languages, access methods, foreign things

add(
    "",
    {
        "a collation": "CREATE COLLATION c (locale = 'C')",
        "a collation's locale": (
            "CREATE COLLATION c (locale = 'C')",
            "CREATE COLLATION c (locale = 'POSIX')",
        ),
        "a collation's classes": (
            "CREATE COLLATION c (lc_collate = 'C', lc_ctype = 'C')",
            "CREATE COLLATION c (lc_collate = 'C', lc_ctype = 'POSIX')",
        ),
        "a conversion": "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        "a conversion's encodings": (
            "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
            "CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1",
        ),
        "a default conversion": (
            "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
            "CREATE DEFAULT CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        ),
        "a parser": "CREATE TEXT SEARCH PARSER p (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype)",
        "a parser's headline": (
            "CREATE TEXT SEARCH PARSER p (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype)",
            "CREATE TEXT SEARCH PARSER p (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype, headline = prsd_headline)",
        ),
        "a template": "CREATE TEXT SEARCH TEMPLATE p (lexize = dsimple_lexize)",
        "a template's start": (
            "CREATE TEXT SEARCH TEMPLATE p (lexize = dsimple_lexize)",
            "CREATE TEXT SEARCH TEMPLATE p (init = dsimple_init, lexize = dsimple_lexize)",
        ),
        "a dictionary": "CREATE TEXT SEARCH DICTIONARY d (template = simple)",
        "a dictionary's options": (
            "CREATE TEXT SEARCH DICTIONARY d (template = simple)",
            "CREATE TEXT SEARCH DICTIONARY d (template = simple, accept = false)",
        ),
        "a configuration": "CREATE TEXT SEARCH CONFIGURATION c (parser = default)",
        "a mapping": (
            "CREATE TEXT SEARCH CONFIGURATION c (parser = default)",
            "CREATE TEXT SEARCH CONFIGURATION c (parser = default); ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR asciiword WITH simple",
        ),
        "dictionaries in another order": (
            "CREATE TEXT SEARCH DICTIONARY d (template = simple); CREATE TEXT SEARCH CONFIGURATION c (parser = default); ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR asciiword WITH d, simple",
            "CREATE TEXT SEARCH DICTIONARY d (template = simple); CREATE TEXT SEARCH CONFIGURATION c (parser = default); ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR asciiword WITH simple, d",
        ),
        "an access method": "CREATE ACCESS METHOD {own} TYPE TABLE HANDLER heap_tableam_handler",
        "an access method's type": (
            "CREATE ACCESS METHOD {own} TYPE TABLE HANDLER heap_tableam_handler",
            "CREATE ACCESS METHOD {own} TYPE INDEX HANDLER bthandler",
        ),
        "a table's access method": (
            "CREATE ACCESS METHOD {own} TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE t (a int)",
            "CREATE ACCESS METHOD {own} TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE t (a int) USING {own}",
        ),
        "a foreign-data wrapper": "CREATE FOREIGN DATA WRAPPER {own}",
        "a wrapper's options": (
            "CREATE FOREIGN DATA WRAPPER {own}",
            "CREATE FOREIGN DATA WRAPPER {own} OPTIONS (a 'x')",
        ),
        "a wrapper's validator": (
            "CREATE FOREIGN DATA WRAPPER {own}",
            "CREATE FOREIGN DATA WRAPPER {own} VALIDATOR postgresql_fdw_validator",
        ),
    },
)
LANGUAGE = """
CREATE FUNCTION h() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION c(oid) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TYPE r AS (a int);
CREATE FUNCTION f(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'int4recv'"""
MADE_LANGUAGE = "CREATE LANGUAGE {own} HANDLER h"
add(
    LANGUAGE,
    {
        "a language of one's own": MADE_LANGUAGE,
        "a trusted language": (MADE_LANGUAGE, "CREATE TRUSTED LANGUAGE {own} HANDLER h"),
        "a language's validator": (MADE_LANGUAGE, f"{MADE_LANGUAGE} VALIDATOR c"),
        "a transform": (
            MADE_LANGUAGE,
            f"{MADE_LANGUAGE}; "
            "CREATE TRANSFORM FOR r LANGUAGE {own} (FROM SQL WITH FUNCTION f(internal))",
        ),
    },
)
FOREIGN_SERVER = (
    "CREATE FOREIGN DATA WRAPPER {own}; CREATE SERVER {own}s FOREIGN DATA WRAPPER {own}"
)
add(
    FOREIGN_SERVER,
    {
        "a server": "CREATE SERVER {own}r FOREIGN DATA WRAPPER {own}",
        "a server's type": (
            "",
            "DROP SERVER {own}s; CREATE SERVER {own}s TYPE 'x' FOREIGN DATA WRAPPER {own}",
        ),
        "a server's version": "ALTER SERVER {own}s VERSION '5'",
        "a server's options": "ALTER SERVER {own}s OPTIONS (host 'x')",
        "a foreign table": "CREATE FOREIGN TABLE t (a int) SERVER {own}s",
        "a foreign table's options": (
            "CREATE FOREIGN TABLE t (a int) SERVER {own}s",
            "CREATE FOREIGN TABLE t (a int) SERVER {own}s OPTIONS (x 'y')",
        ),
        "a foreign column's options": (
            "CREATE FOREIGN TABLE t (a int) SERVER {own}s",
            "CREATE FOREIGN TABLE t (a int OPTIONS (x 'y')) SERVER {own}s",
        ),
        "a foreign column's type": (
            "CREATE FOREIGN TABLE t (a int) SERVER {own}s",
            "CREATE FOREIGN TABLE t (a bigint) SERVER {own}s",
        ),
        "a foreign table's server": (
            "CREATE SERVER {own}r FOREIGN DATA WRAPPER {own}; CREATE FOREIGN TABLE t (a int) SERVER {own}s",
            "CREATE SERVER {own}r FOREIGN DATA WRAPPER {own}; CREATE FOREIGN TABLE t (a int) SERVER {own}r",
        ),
        "a foreign partition": (
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE FOREIGN TABLE t (a int) SERVER {own}s",
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE FOREIGN TABLE t PARTITION OF p FOR VALUES FROM (0) TO (1) SERVER {own}s",
        ),
        "options that read alike": (
            "ALTER SERVER {own}s OPTIONS (a 'x, b=y')",
            "ALTER SERVER {own}s OPTIONS (a 'x', b 'y')",
        ),
        "odd options": (
            """ALTER SERVER {own}s OPTIONS (a 'x, y=1', "B c" 'it''s', "d,e" '=,=', f '')""",
            """ALTER SERVER {own}s OPTIONS (a 'x', y '1', "B c" '''q''', "d,e" '=, =', f E'a\nb')""",
        ),
        "a wrapper's odd options": (
            "ALTER FOREIGN DATA WRAPPER {own} OPTIONS (a 'x, b=y')",
            "ALTER FOREIGN DATA WRAPPER {own} OPTIONS (a 'x', b 'y')",
        ),
        "a foreign table's odd options": (
            "CREATE FOREIGN TABLE t (a int) SERVER {own}s OPTIONS (a 'x, b=y')",
            "CREATE FOREIGN TABLE t (a int) SERVER {own}s OPTIONS (a 'x', b 'y')",
        ),
        "a foreign column's odd options": (
            "CREATE FOREIGN TABLE t (a int OPTIONS (a 'x, b=y')) SERVER {own}s",
            "CREATE FOREIGN TABLE t (a int OPTIONS (a 'x', b 'y')) SERVER {own}s",
        ),
        "a check of a foreign table": (
            "CREATE FOREIGN TABLE t (a int) SERVER {own}s",
            "CREATE FOREIGN TABLE t (a int, CONSTRAINT k CHECK (a > 0)) SERVER {own}s",
        ),
    },
)
add(
    "",
    {
        "icu rules": (
            "CREATE COLLATION c (provider = icu, locale = 'und')",
            "CREATE COLLATION c (provider = icu, locale = 'und', rules = '& a < g')",
        ),
    },
    since=16,
    icu=True,
)
add(
    "",
    {
        "an icu collation": (
            "CREATE COLLATION c (locale = 'C')",
            "CREATE COLLATION c (provider = icu, locale = 'und')",
        ),
        "an icu collation's locale": (
            "CREATE COLLATION c (provider = icu, locale = 'de')",
            "CREATE COLLATION c (provider = icu, locale = 'fr')",
        ),
        "an icu collation not deterministic": (
            "CREATE COLLATION c (provider = icu, locale = 'und')",
            "CREATE COLLATION c (provider = icu, locale = 'und', deterministic = false)",
        ),
    },
    icu=True,
)

# What is cosmetic

COSMETIC = """
CREATE TABLE t (a int, b text, CONSTRAINT k CHECK (a > 0)); CREATE INDEX i ON t (a);
CREATE VIEW v AS SELECT a FROM t; CREATE SEQUENCE s; CREATE TYPE e AS ENUM ('a');
CREATE DOMAIN d AS int CONSTRAINT dk CHECK (VALUE > 0);
CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE POLICY p ON t; CREATE STATISTICS st ON a, b FROM t; CREATE PUBLICATION {own};
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION tf()"""
add(
    COSMETIC,
    {
        "columns in another order": "ALTER TABLE t DROP a CASCADE; ALTER TABLE t ADD a int CONSTRAINT k CHECK (a > 0); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t; CREATE STATISTICS st ON a, b FROM t",
        "a comment on a schema": "COMMENT ON SCHEMA {own} IS 'x'",
        "a comment on a table": "COMMENT ON TABLE t IS 'it''s; x'",
        "another comment": ("COMMENT ON TABLE t IS 'x'", "COMMENT ON TABLE t IS 'y'"),
        "a comment on a column": "COMMENT ON COLUMN t.a IS 'x'",
        "a comment on a view's column": "COMMENT ON COLUMN v.a IS 'x'",
        "a comment on a view": "COMMENT ON VIEW v IS 'x'",
        "a comment on an index": "COMMENT ON INDEX i IS 'x'",
        "a comment on a constraint": "COMMENT ON CONSTRAINT k ON t IS 'x'",
        "a comment on a domain's constraint": "COMMENT ON CONSTRAINT dk ON DOMAIN d IS 'x'",
        "a comment on a sequence": "COMMENT ON SEQUENCE s IS 'x'",
        "a comment on a type": "COMMENT ON TYPE e IS 'x'",
        "a comment on a domain": "COMMENT ON DOMAIN d IS 'x'",
        "a comment on a function": "COMMENT ON FUNCTION f(int) IS 'x'",
        "a comment on a policy": "COMMENT ON POLICY p ON t IS 'x'",
        "a comment on a trigger": "COMMENT ON TRIGGER g ON t IS 'x'",
        "a comment on statistics": "COMMENT ON STATISTICS st IS 'x'",
        "a comment on a publication": "COMMENT ON PUBLICATION {own} IS 'x'",
        "an owner of a table": "ALTER TABLE t OWNER TO lockgate_test_one",
        "an owner of a schema": "ALTER SCHEMA {own} OWNER TO lockgate_test_one",
        "an owner of a view": "ALTER VIEW v OWNER TO lockgate_test_one",
        "an owner of a sequence": "ALTER SEQUENCE s OWNER TO lockgate_test_one",
        "an owner of an enum": "ALTER TYPE e OWNER TO lockgate_test_one",
        "an owner of a domain": "ALTER DOMAIN d OWNER TO lockgate_test_one",
        "an owner of a function": "ALTER FUNCTION f(int) OWNER TO lockgate_test_one",
        "an owner of statistics": "ALTER STATISTICS st OWNER TO lockgate_test_one",
        "privileges on a table": "GRANT SELECT ON t TO lockgate_test_one",
        "other privileges on a table": (
            "GRANT SELECT ON t TO lockgate_test_one",
            "GRANT SELECT, INSERT ON t TO lockgate_test_one",
        ),
        "a grant option": (
            "GRANT SELECT ON t TO lockgate_test_one",
            "GRANT SELECT ON t TO lockgate_test_one WITH GRANT OPTION",
        ),
        "privileges of public": "GRANT SELECT ON t TO public",
        "privileges on a column": "GRANT SELECT (a) ON t TO lockgate_test_one",
        "privileges on a sequence": "GRANT USAGE ON SEQUENCE s TO lockgate_test_one",
        "privileges on a schema": "GRANT USAGE ON SCHEMA {own} TO lockgate_test_one",
        "a function revoked": "REVOKE EXECUTE ON FUNCTION f(int) FROM public",
        "a type revoked": "REVOKE USAGE ON TYPE e FROM public",
        "default privileges": "ALTER DEFAULT PRIVILEGES IN SCHEMA {own} GRANT SELECT ON TABLES TO lockgate_test_one",
        "default privileges of a role": "ALTER DEFAULT PRIVILEGES FOR ROLE lockgate_test_one IN SCHEMA {own} GRANT ALL ON SEQUENCES TO lockgate_test_two WITH GRANT OPTION",
        "an owner's own privileges": "REVOKE DELETE ON t FROM CURRENT_USER",
        "no privileges": "REVOKE ALL ON t FROM CURRENT_USER",
        "an owner and privileges": (
            "GRANT SELECT ON t TO lockgate_test_one",
            "ALTER TABLE t OWNER TO lockgate_test_one; GRANT SELECT ON t TO lockgate_test_two",
        ),
        "privileges that another role grants": (
            "GRANT SELECT ON t TO lockgate_test_one WITH GRANT OPTION",
            "GRANT USAGE ON SCHEMA {own} TO lockgate_test_one; GRANT SELECT, UPDATE (a) ON t TO lockgate_test_one WITH GRANT OPTION; SET ROLE lockgate_test_one; GRANT SELECT, UPDATE (a) ON t TO lockgate_test_two; RESET ROLE; SET search_path = {own}",
        ),
        "privileges on a column of the system": "GRANT SELECT (xmin) ON t TO lockgate_test_one",
        "privileges on a view's column": "GRANT SELECT (a) ON v TO lockgate_test_one",
        "a comment on an index of a constraint": (
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)",
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a); COMMENT ON INDEX u IS 'x'; COMMENT ON CONSTRAINT u ON t IS 'y'",
        ),
        "a comment on an attribute": (
            "CREATE TYPE ty AS (a int)",
            "CREATE TYPE ty AS (a int); COMMENT ON COLUMN ty.a IS 'x'",
        ),
        "a comment on a function of odd types": (
            "CREATE FUNCTION g(text, int[], anyelement, \"char\") RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE FUNCTION g(text, int[], anyelement, \"char\") RETURNS int LANGUAGE sql AS 'SELECT 1'; COMMENT ON FUNCTION g(text, int[], anyelement, \"char\") IS 'x'",
        ),
        "a comment on a constraint and a column": "COMMENT ON CONSTRAINT k ON t IS 'x'; COMMENT ON COLUMN t.a IS 'y'",
        "comments on odd names": (
            'CREATE TABLE "o on p" ("a.b" int, CONSTRAINT "k on x" CHECK ("a.b" > 0)); CREATE POLICY "p on q" ON "o on p"',
            """CREATE TABLE "o on p" ("a.b" int, CONSTRAINT "k on x" CHECK ("a.b" > 0)); CREATE POLICY "p on q" ON "o on p";
               COMMENT ON CONSTRAINT "k on x" ON "o on p" IS 'x'; COMMENT ON POLICY "p on q" ON "o on p" IS 'y'; COMMENT ON COLUMN "o on p"."a.b" IS 'z'""",
        ),
    },
    cosmetic=True,
)
add(
    "CREATE TABLE t (a int); CREATE DOMAIN d AS int NOT NULL",
    {
        "a name of a not null": (
            "ALTER TABLE t ALTER a SET NOT NULL",
            "ALTER TABLE t ADD CONSTRAINT foo NOT NULL a",
        ),
        "a name of a not null of long names": (
            f'CREATE TABLE "{"ü" * 30}x" ("{"ö" * 25}" int NOT NULL)',
            f'CREATE TABLE "{"ü" * 30}x" ("{"ö" * 25}" int CONSTRAINT foo NOT NULL)',
        ),
        "a comment on a not null": (
            "ALTER TABLE t ALTER a SET NOT NULL",
            "ALTER TABLE t ADD CONSTRAINT foo NOT NULL a; COMMENT ON CONSTRAINT foo ON t IS 'x'",
        ),
        "a name of a domain's not null": (
            "CREATE DOMAIN e AS int NOT NULL",
            "CREATE DOMAIN e AS int CONSTRAINT foo NOT NULL; COMMENT ON CONSTRAINT foo ON DOMAIN e IS 'x'",
        ),
    },
    since=18,
    cosmetic=True,
)
add(
    "CREATE FOREIGN DATA WRAPPER {own}; CREATE SERVER {own} FOREIGN DATA WRAPPER {own}",
    {
        "a user mapping": "CREATE USER MAPPING FOR public SERVER {own} OPTIONS (password 'hidden')",
        "a comment on a server": "COMMENT ON SERVER {own} IS 'x'",
        "privileges on a server": "GRANT USAGE ON FOREIGN SERVER {own} TO lockgate_test_one",
        "privileges on a wrapper": "GRANT USAGE ON FOREIGN DATA WRAPPER {own} TO lockgate_test_one",
    },
    cosmetic=True,
)

PAIRS = tuple(CORPUS.pairs)
"""Every pair."""


def pairs_for(major: int, *, icu: bool) -> tuple[Pair, ...]:
    """The pairs that a server of `major` can make, with or without ICU."""
    return tuple(pair for pair in PAIRS if pair.since <= major and (icu or not pair.icu))
