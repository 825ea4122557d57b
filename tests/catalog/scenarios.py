"""Pairs of structures in which one change takes others along, or in which names are odd."""

# One variant, one line: side by side they show what differs.
# ruff: noqa: E501

from __future__ import annotations

from itertools import count

from tests.catalog.corpus import Corpus, Pair

SCENARIOS = Corpus(numbers=count(9001))
add = SCENARIOS.add

# Types that are made anew under their columns

MOOD = "CREATE TYPE mood AS ENUM ('a', 'b', 'c')"
LESS = "CREATE TYPE mood AS ENUM ('c', 'a')"
USERS = """;
CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'a', ms mood[] DEFAULT '{a}',
                CONSTRAINT k CHECK (m <> 'c'), UNIQUE (m));
CREATE TABLE r (m mood REFERENCES t (m));
CREATE INDEX i ON t (id) WHERE m = 'a';
CREATE DOMAIN d AS mood DEFAULT 'c' CHECK (VALUE <> 'a');
CREATE TYPE pair AS (left_ mood, right_ d);
CREATE TABLE u (d d, p pair, ps pair[], x d[]);
CREATE FUNCTION f(mood) RETURNS mood LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE VIEW v AS SELECT f(m) AS m, count(*) AS n FROM t GROUP BY f(m);
CREATE VIEW w AS SELECT v.m, u.d FROM v, u WHERE v.m = u.d::mood;
CREATE MATERIALIZED VIEW mv AS SELECT m FROM w; CREATE UNIQUE INDEX mvi ON mv (m);
CREATE POLICY p ON t USING (m = 'a');
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (old.m <> new.m) EXECUTE FUNCTION g()"""
add(
    "",
    {
        "an enum with less labels, and all that use it": (MOOD + USERS, LESS + USERS),
        "an enum that becomes a domain": (
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (e e DEFAULT 'a'); CREATE VIEW v AS SELECT e FROM t",
            "CREATE DOMAIN e AS text; CREATE TABLE t (e e DEFAULT 'a'); CREATE VIEW v AS SELECT e FROM t",
        ),
        "an enum with a label more, which is used": (
            "CREATE TYPE e AS ENUM ('b'); CREATE TABLE t (e e DEFAULT 'b', CHECK (e = 'b'))",
            "CREATE TYPE e AS ENUM ('z', 'a', 'b', 'c', 'd'); CREATE TABLE t (e e DEFAULT 'a', CHECK (e = 'd')); CREATE INDEX i ON t (e) WHERE e = 'z'",
        ),
        "an enum column to text and back": (
            "CREATE TYPE e AS ENUM ('b'); CREATE TABLE t (e e DEFAULT 'b', es e[])",
            "CREATE TABLE t (e text DEFAULT 'b', es text[])",
        ),
        "a domain of another type under columns": (
            "CREATE DOMAIN d AS int DEFAULT 1 CONSTRAINT k CHECK (VALUE > 0); CREATE TABLE t (a d, b d[], CHECK (a > 1)); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t",
            "CREATE DOMAIN d AS bigint DEFAULT 2 CONSTRAINT k CHECK (VALUE > 0); CREATE TABLE t (a d, b d[], CHECK (a > 1)); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t",
        ),
        "an attribute's type under a column": (
            "CREATE TYPE c AS (x int, y text); CREATE TABLE t (c c); CREATE VIEW v AS SELECT (c).x FROM t",
            "CREATE TYPE c AS (x bigint, y text, z int); CREATE TABLE t (c c); CREATE VIEW v AS SELECT (c).x FROM t",
        ),
        "attributes that come and go under a column": (
            "CREATE TYPE c AS (x int, y text); CREATE TABLE t (c c)",
            "CREATE TYPE c AS (x int, b text, a date); CREATE TABLE t (c c)",
        ),
        "a range of another type under a column": (
            "CREATE TYPE q AS RANGE (subtype = float8); CREATE TABLE t (q q)",
            "CREATE TYPE q AS RANGE (subtype = float4); CREATE TABLE t (q q)",
        ),
        "a typed table": (
            "CREATE TYPE c AS (x int, y text); CREATE TABLE t OF c (PRIMARY KEY (x))",
            "CREATE TYPE c AS (x int, y text, z date); CREATE TABLE t OF c (PRIMARY KEY (x))",
        ),
    },
)

# Columns of another type, and what is built upon them

BUILT = """;
CREATE VIEW v AS SELECT a, b FROM t WHERE a > 0;
CREATE VIEW w WITH (security_barrier) AS SELECT v.a FROM v;
CREATE MATERIALIZED VIEW m AS SELECT a FROM w; CREATE INDEX mi ON m (a);
CREATE RULE r AS ON UPDATE TO w DO INSTEAD NOTHING;
ALTER VIEW w ALTER a SET DEFAULT 7;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER i INSTEAD OF INSERT ON w FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (new.a > 0) EXECUTE FUNCTION f();
CREATE POLICY p ON t USING (a > 0) WITH CHECK (a > 1);
CREATE STATISTICS s ON a, b FROM t; CREATE INDEX ix ON t (a, b); CREATE INDEX e ON t ((a + 1));
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(a) FROM t; END;
ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0); ALTER TABLE t ADD CONSTRAINT un UNIQUE (a)"""
add(
    "",
    {
        "a column of another type": (
            "CREATE TABLE t (a int DEFAULT 1, b text, g int GENERATED ALWAYS AS (a + 1) STORED)"
            + BUILT,
            "CREATE TABLE t (a bigint DEFAULT 1, b text, g int GENERATED ALWAYS AS (a + 1) STORED)"
            + BUILT,
        ),
        "columns that change places": (
            "CREATE TABLE t (a int, b text, c date DEFAULT now()); CREATE VIEW v AS SELECT a, b, c FROM t",
            "CREATE TABLE t (a text, b int, c text DEFAULT 'x'); CREATE VIEW v AS SELECT b, a FROM t",
        ),
        "keys of another type": (
            "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (p int REFERENCES p); CREATE TABLE u (p int REFERENCES p ON DELETE CASCADE)",
            "CREATE TABLE p (id text PRIMARY KEY); CREATE TABLE t (p text REFERENCES p); CREATE TABLE u (p text REFERENCES p ON DELETE CASCADE)",
        ),
        "a column less that others name": (
            "CREATE TABLE t (a int, b int, c int, UNIQUE (a, b), CHECK (a > b)); CREATE INDEX i ON t (b, c); CREATE STATISTICS s ON b, c FROM t; CREATE VIEW v AS SELECT a, c FROM t; CREATE INDEX j ON t (c) WHERE b > 0",
            "CREATE TABLE t (a int, c int); CREATE VIEW v AS SELECT a, c FROM t",
        ),
        "serial and identity": (
            "CREATE TABLE t (a serial PRIMARY KEY, b bigserial, c int GENERATED BY DEFAULT AS IDENTITY); CREATE VIEW v AS SELECT a FROM t",
            "CREATE TABLE t (a bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b serial, c serial); CREATE VIEW v AS SELECT a FROM t",
        ),
        "unlogged with its sequences": (
            "CREATE TABLE t (a serial, b int GENERATED ALWAYS AS IDENTITY)",
            "CREATE UNLOGGED TABLE t (a serial, b int GENERATED ALWAYS AS IDENTITY)",
        ),
        "a view that groups by a key": (
            "CREATE TABLE t (a int PRIMARY KEY, b text); CREATE VIEW v AS SELECT a, b, count(*) AS n FROM t GROUP BY a",
            "CREATE TABLE t (a int, b text, PRIMARY KEY (a) INCLUDE (b)); CREATE VIEW v AS SELECT a, b, count(*) AS n FROM t GROUP BY a",
        ),
        "the index of a replica identity": (
            "CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX i; ALTER TABLE t CLUSTER ON i",
            "CREATE TABLE t (a int NOT NULL, b int NOT NULL); CREATE UNIQUE INDEX i ON t (a, b); ALTER TABLE t REPLICA IDENTITY USING INDEX i; ALTER TABLE t CLUSTER ON i",
        ),
    },
)

# Functions and others that much hangs on

FUNCTION = "CREATE FUNCTION f({}) RETURNS {} LANGUAGE sql IMMUTABLE AS 'SELECT 1'"
CALLS = """;
CREATE TABLE t (a int DEFAULT f(1), b int CHECK (f(b) > 0), c int GENERATED ALWAYS AS (f(a)) STORED);
CREATE INDEX i ON t (f(b)); CREATE VIEW v AS SELECT f(a) AS a FROM t;
CREATE DOMAIN d AS int DEFAULT f(2) CHECK (f(VALUE) > 0);
CREATE POLICY p ON t USING (f(a) > 0);
CREATE AGGREGATE agg (int) (sfunc = int4pl, stype = int, finalfunc = f);
CREATE OPERATOR @@@ (rightarg = int, function = f); CREATE VIEW w AS SELECT @@@ a AS a FROM t"""
add(
    "",
    {
        "a function with another argument's name": (
            FUNCTION.format("a int", "int") + CALLS,
            FUNCTION.format("z int", "int") + CALLS,
        ),
        "a function with another body": (
            FUNCTION.format("a int", "int") + CALLS,
            FUNCTION.format("a int", "int").replace("SELECT 1", "SELECT 2") + CALLS,
        ),
        "a function that turns up twice": (
            FUNCTION.format("a int", "int") + CALLS,
            FUNCTION.format("a bigint", "int") + "; " + FUNCTION.format("a int", "int") + CALLS,
        ),
        "a table and a function in a ring": (
            "CREATE TABLE t (a int)",
            "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(a) FROM t; END; ALTER TABLE t ALTER a SET DEFAULT f()",
        ),
        "a new table and a function in a ring": (
            "CREATE TABLE o ()",
            "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(a) FROM t; END; ALTER TABLE t ALTER a SET DEFAULT f()",
        ),
        "tables that refer to each other": (
            "CREATE TABLE o ()",
            "CREATE TABLE t (id int PRIMARY KEY, u int); CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t); ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES u; CREATE TABLE s (id int PRIMARY KEY, s int REFERENCES s)",
        ),
        "a check over a whole row": (
            "CREATE TABLE o ()",
            "CREATE TABLE t (a int); CREATE FUNCTION ok(t) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'; ALTER TABLE t ADD CONSTRAINT k CHECK (ok(t.*))",
        ),
        "a name that changes its kind": (
            "CREATE VIEW a AS SELECT 1 AS x; CREATE TABLE b (x int); CREATE SEQUENCE c; CREATE TYPE e AS ENUM ('x'); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (x int); CREATE INDEX g ON t (x)",
            "CREATE TABLE a (x int); CREATE MATERIALIZED VIEW b AS SELECT 1 AS x; CREATE TABLE c (); CREATE TYPE e AS (x int); CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (x int); CREATE TABLE g ()",
        ),
        "an operator that an index uses": (
            "CREATE FUNCTION lt(int, int) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4lt'; CREATE OPERATOR <<< (leftarg = int, rightarg = int, function = lt); CREATE OPERATOR CLASS o FOR TYPE int USING btree AS OPERATOR 1 <<<, FUNCTION 1 btint4cmp(int, int); CREATE TABLE t (a int); CREATE INDEX i ON t (a o)",
            "CREATE FUNCTION lt(int, int) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4lt'; CREATE OPERATOR <<< (leftarg = int, rightarg = int, function = lt, restrict = scalarltsel); CREATE OPERATOR CLASS o FOR TYPE int USING btree AS OPERATOR 1 <<<, FUNCTION 1 btint4cmp(int, int); CREATE TABLE t (a int); CREATE INDEX i ON t (a o)",
        ),
        "a collation that a column uses": (
            "CREATE COLLATION c (locale = 'C'); CREATE TABLE t (a text COLLATE c, b text); CREATE INDEX i ON t (b COLLATE c); CREATE VIEW v AS SELECT a FROM t; CREATE DOMAIN d AS text COLLATE c",
            "CREATE COLLATION c (locale = 'POSIX'); CREATE TABLE t (a text COLLATE c, b text); CREATE INDEX i ON t (b COLLATE c); CREATE VIEW v AS SELECT a FROM t; CREATE DOMAIN d AS text COLLATE c",
        ),
        "a text search configuration in an index": (
            "CREATE TABLE t (a text)",
            "CREATE TEXT SEARCH CONFIGURATION c (parser = default); CREATE TABLE t (a text); CREATE INDEX i ON t USING gin (to_tsvector('{own}.c'::regconfig, a))",
        ),
        "a sequence that two defaults use": (
            "CREATE TABLE t (a int, b int)",
            "CREATE SEQUENCE s; CREATE TABLE t (a int DEFAULT nextval('s'), b int DEFAULT nextval('s')); ALTER SEQUENCE s OWNED BY t.b",
        ),
    },
)

# Partitions and heirs

PARTED = "CREATE TABLE p (a {0} NOT NULL, b text, PRIMARY KEY (a)) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (a); CREATE TABLE p21 PARTITION OF p2 FOR VALUES FROM (10) TO (15); CREATE INDEX ib ON p (b); CREATE TABLE r (a {0} REFERENCES p); ALTER TABLE p ADD CONSTRAINT k CHECK (a > 0); CREATE VIEW v AS SELECT a FROM p"
add(
    "",
    {
        "partitions over two levels": ("CREATE TABLE o ()", PARTED.format("int")),
        "a partition key of another type": (PARTED.format("int"), PARTED.format("bigint")),
        "another key and index of partitions": (
            PARTED.format("int"),
            PARTED.format("int")
            .replace("PRIMARY KEY (a)", "PRIMARY KEY (a, b)")
            .replace("ON p (b)", "ON p (b, a)")
            .replace(" REFERENCES p", ""),
        ),
        "columns of partitions": (
            "CREATE TABLE p (a int, b text, c int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p DEFAULT; ALTER TABLE p1 ALTER c SET DEFAULT 5",
            "CREATE TABLE p (a int, b varchar(9) DEFAULT 'x', d date NOT NULL DEFAULT now()) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p DEFAULT; ALTER TABLE p1 ALTER d DROP DEFAULT; ALTER TABLE p2 ALTER b SET NOT NULL",
        ),
        "a partition under another parent": (
            "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE q (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
            "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE q (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF q FOR VALUES IN (1)",
        ),
        "a partition with a foreign key detached": (
            "CREATE TABLE f (a int PRIMARY KEY); CREATE TABLE p (a int REFERENCES f) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
            "CREATE TABLE f (a int PRIMARY KEY); CREATE TABLE p (a int REFERENCES f) PARTITION BY LIST (a); CREATE TABLE p1 (a int)",
        ),
        "a check of all partitions": (
            "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
            "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0)",
        ),
        "columns of heirs": (
            "CREATE TABLE p (a int, b text, c int NOT NULL); CREATE TABLE h (x int) INHERITS (p); CREATE TABLE hh () INHERITS (h)",
            "CREATE TABLE p (a bigint DEFAULT 3, d date, c int); CREATE TABLE h (x int) INHERITS (p); CREATE TABLE hh () INHERITS (h); ALTER TABLE hh ALTER d SET DEFAULT now()",
        ),
        "a check of heirs": (
            "CREATE TABLE p (a int); CREATE TABLE h (x int) INHERITS (p)",
            "CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0), CONSTRAINT l CHECK (a > 1) NO INHERIT); CREATE TABLE h (x int) INHERITS (p)",
        ),
        "an heir by itself": (
            "CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE h (x int) INHERITS (p)",
            "CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE h (a int, x int)",
        ),
    },
)

# Names

ODD = [
    'a"b',
    "a.b",
    "a b",
    "a\nb",
    "größe 大きさ",
    "50%s",
    "x" * 63,
    "SELECT",
    "it's",
    "back\\slash",
    "$1",
    "a, b",
    "(a)",
]


def _odd(name: str, type_: str) -> str:
    quoted = '"{}"'.format(name.replace('"', '""'))
    text = "'{}'".format(name.replace("'", "''"))
    other = quoted[:-2] + 'y"'
    return f"""
    CREATE SCHEMA "{{own}}{name.replace('"', '""')[:40]}";
    CREATE TYPE {quoted} AS ENUM ({text}, 'other');
    CREATE TABLE {other} ({quoted} {type_} DEFAULT 1, e {quoted} DEFAULT {text}, s text DEFAULT {text},
        CONSTRAINT {quoted} CHECK ({quoted} > 0 AND s <> {text}), PRIMARY KEY ({quoted}));
    CREATE INDEX "i{quoted[2:]} ON {other} ({quoted}, s) WHERE s = {text};
    CREATE TABLE "r{quoted[2:]} ({quoted} {type_} REFERENCES {other}, id int GENERATED ALWAYS AS IDENTITY, n serial);
    CREATE FUNCTION {quoted}({quoted} {type_} DEFAULT 1) RETURNS {type_} LANGUAGE sql IMMUTABLE AS $f$SELECT 1 /* {name} $function$ */ $f$ SET work_mem = '8MB' SET search_path = {quoted}, pg_catalog, '';
    CREATE VIEW "v{quoted[2:]} AS SELECT {quoted} AS {other}, e, {text} AS x FROM {other} WHERE {quoted}({quoted}) > 0;
    CREATE FUNCTION "g{quoted[2:]}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    CREATE TRIGGER {quoted} BEFORE UPDATE OF {quoted} ON {other} FOR EACH ROW EXECUTE FUNCTION "g{quoted[2:]}({text});
    CREATE POLICY {quoted} ON {other} USING (s = {text});
    CREATE SEQUENCE "s{quoted[2:]};
    CREATE STATISTICS "st{quoted[2:]} ON {quoted}, s FROM {other};
    CREATE DOMAIN "d{quoted[2:]} AS text CONSTRAINT {quoted} CHECK (VALUE <> {text});
    CREATE TYPE "c{quoted[2:]} AS ({quoted} int, b text);
    COMMENT ON COLUMN {other}.{quoted} IS {text}"""


add(
    "",
    {f"the name {name!r}": (_odd(name, "int"), _odd(name, "bigint")) for name in ODD},
)
add(
    "",
    {f"nothing by the name {name!r}": ("", _odd(name, "int")) for name in ODD},
)

SCENARIO_PAIRS = tuple(SCENARIOS.pairs)


def scenarios_for(major: int) -> tuple[Pair, ...]:
    """Those that a server of `major` can make."""
    return tuple(pair for pair in SCENARIO_PAIRS if pair.since <= major)
