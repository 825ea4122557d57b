"""Rules beyond their own examples: what each has to find, and what it has to leave alone."""

from __future__ import annotations

import io

import pytest

from lockgate.core.effects import Structure, apply
from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import UnitLinter, by_subject
from lockgate.core.rule import Unit
from lockgate.core.script import read_script
from lockgate.core.sql.trees import parse
from lockgate.core.target import ApplicationStatement, TargetStatistics
from lockgate.workflows.linting import choose_rules
from tests.forecast.test_forecast import star, target

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN score AS int;
CREATE DOMAIN part AS int CHECK (VALUE < 9);
CREATE FUNCTION plus(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION idle(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE people (id int PRIMARY KEY, mood mood, note text, best score, n int);
CREATE INDEX people_n ON people (plus(n));
CREATE TRIGGER touched BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE pies (share part);
CREATE SEQUENCE numbers;
CREATE TYPE unused AS ENUM ('a');
CREATE VIEW names AS SELECT id, people.note, n + 1 AS n FROM people;
CREATE MATERIALIZED VIEW sums AS SELECT id FROM people;
CREATE TABLE events (at int) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (9);
CREATE INDEX events_at ON events (at);
CREATE TABLE calls (id int NOT NULL, at int, who int) PARTITION BY RANGE (at);
CREATE TABLE calls_1 PARTITION OF calls FOR VALUES FROM (0) TO (9);
CREATE TABLE logs (at int) PARTITION BY RANGE (at);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9);
CREATE TABLE logs_rest PARTITION OF logs DEFAULT;
"""
ADDED = "BEGIN; ALTER TYPE mood ADD VALUE 'new'; {} COMMIT;"


def findings(
    sql: str,
    *,
    revision: str | None = None,
    target: TargetStatistics | None = None,
    major: int = 18,
) -> list[Finding]:
    """What all rules but those of style say of `sql` in that schema."""
    structure = Structure(complete=True)
    for parsed in parse(SCHEMA):
        apply(structure, parsed)
    unit = Unit(structure, major, file="change.sql", revision=revision, complete=True)
    unit.target = target
    answers = UnitLinter(by_subject(choose_rules()), unit).script(
        read_script(io.BytesIO(sql.encode()))
    )
    return [answer for answer in answers if isinstance(answer, Finding)]


FOUND = [
    ("LG047", ADDED.format("UPDATE people SET mood = 'new' WHERE id = 1;")),
    ("LG047", ADDED.format("UPDATE people SET id = 2 WHERE mood IN ('ok', 'new');")),
    ("LG047", ADDED.format("INSERT INTO people (id, mood) VALUES (1, 'ok'), (2, 'new');")),
    ("LG047", ADDED.format("INSERT INTO people (id, note) VALUES (1, 'new'::mood::text);")),
    ("LG047", ADDED.format("INSERT INTO elsewhere (note) VALUES ('new');")),
    ("LG047", ADDED.format("ALTER TABLE people ALTER mood SET DEFAULT 'new';")),
    (
        "LG048",
        "CREATE TYPE tone AS ENUM ('sad', 'ok', 'new');"
        "ALTER TABLE people ALTER mood TYPE tone USING mood::text::tone;",
    ),
    ("LG033", "DROP TYPE mood;"),
    ("LG033", "DROP DOMAIN score;"),
    ("LG033", "DROP FUNCTION plus(int);"),
    ("LG033", "DROP FUNCTION touch();"),
    ("LG054", "BEGIN; SELECT pg_catalog.set_config('search_path', '', false); COMMIT;"),
    ("LG054", "BEGIN; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; COMMIT;"),
    ("LG055", "CREATE INDEX CONCURRENTLY ON ONLY events (at);"),
    ("LG055", "DROP INDEX CONCURRENTLY events_at;"),
    ("LG055", "ALTER TABLE logs DETACH PARTITION logs_1 CONCURRENTLY;"),
    ("LG055", "REFRESH MATERIALIZED VIEW CONCURRENTLY sums;"),
    (
        "LG055",
        "CREATE UNIQUE INDEX CONCURRENTLY ON sums ((id + 1));"
        "REFRESH MATERIALIZED VIEW CONCURRENTLY sums;",
    ),
    (
        "LG021",
        "CREATE TABLE p (id int); ALTER TABLE people RENAME TO folk;"
        "ALTER TABLE p RENAME TO people;",
    ),
    ("LG021", "ALTER TABLE people RENAME TO folk; CREATE VIEW people AS SELECT * FROM folk;"),
    ("LG032", "DROP FUNCTION idle(int); CREATE FUNCTION idle(int) RETURNS text RETURN 'no';"),
    ("LG042", "BEGIN; ALTER TABLE people ADD m int; SELECT count(*) FROM people; COMMIT;"),
]
LEFT_ALONE = [
    ("LG047", ADDED.format("INSERT INTO people (id, note) VALUES (1, 'new');")),
    ("LG047", ADDED.format("UPDATE people SET note = 'new' WHERE id = 1;")),
    ("LG047", ADDED.format("UPDATE people SET n = 1 WHERE note = 'new';")),
    (
        "LG048",
        "CREATE TYPE tone AS ENUM ('ok', 'new');"
        "ALTER TABLE people ALTER mood TYPE tone USING mood::text::tone;",
    ),
    ("LG033", "DROP TYPE unused;"),
    ("LG033", "DROP FUNCTION idle(int);"),
    ("LG033", "ALTER TABLE people ALTER mood TYPE text; DROP TYPE mood;"),
    ("LG033", "DROP TRIGGER touched ON people; DROP FUNCTION touch();"),
    ("LG054", "BEGIN; SELECT set_config('search_path', '', true); COMMIT;"),
    ("LG054", "BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; COMMIT;"),
    ("LG054", "BEGIN; SET search_path = archive; ROLLBACK;"),
    ("LG054", "SET search_path = archive;"),
    (
        "LG021",
        "BEGIN; ALTER TABLE people RENAME TO folk;"
        "CREATE VIEW people AS SELECT * FROM folk; COMMIT;",
    ),
    (
        "LG032",
        "BEGIN; DROP FUNCTION idle(int);"
        "CREATE FUNCTION idle(int) RETURNS text RETURN 'no'; COMMIT;",
    ),
    ("LG042", "BEGIN; ALTER TABLE people ADD m int; SELECT n FROM people WHERE id = 1; COMMIT;"),
    ("LG042", "BEGIN; ALTER TABLE people ADD m int; SELECT max(id) FROM people; COMMIT;"),
    ("LG009", "ALTER TABLE people ADD m int NOT NULL;"),
    ("LG032", "BEGIN; DROP VIEW names; CREATE VIEW names AS SELECT * FROM people; COMMIT;"),
    (
        "LG032",
        "BEGIN; DROP VIEW names;"
        "CREATE VIEW names AS SELECT 1 AS id, 'x' AS note, n, id AS more FROM people; COMMIT;",
    ),
    ("LG020", "ALTER TABLE people ADD m int; ALTER TABLE people RENAME m TO k;"),
    (
        "LG021",
        "BEGIN; CREATE TABLE p (id int); ALTER TABLE people RENAME TO people_before;"
        "ALTER TABLE p RENAME TO people; COMMIT;",
    ),
    ("LG035", "ALTER TABLE people ALTER note TYPE bpchar;"),
    ("LG004", "ALTER TABLE people ADD m int NOT NULL UNIQUE;"),
    ("LG019", "REINDEX SCHEMA public;"),
    ("LG031", "CREATE TEMP TABLE t AS SELECT 1 AS n; DROP TABLE t;"),
    ("LG001", "SELECT 1 AS n INTO TEMP t; CREATE INDEX ON t (n);"),
    ("LG031", "DROP SCHEMA IF EXISTS nothing CASCADE;"),
    ("LG022", "CREATE TYPE tone AS ENUM ('a'); ALTER TYPE tone RENAME TO tune;"),
    ("LG022", "CREATE TYPE tone AS ENUM ('a'); ALTER TYPE tone RENAME VALUE 'a' TO 'b';"),
    (
        "LG004",
        "CREATE UNIQUE INDEX CONCURRENTLY c1 ON calls_1 (id, at);"
        "ALTER TABLE calls_1 ADD UNIQUE USING INDEX c1; ALTER TABLE calls ADD UNIQUE (id, at);",
    ),
    (
        "LG007",
        "ALTER TABLE people ADD CONSTRAINT c NOT NULL n NOT VALID;"
        "ALTER TABLE people VALIDATE CONSTRAINT c; ALTER TABLE people ALTER n SET NOT NULL;",
    ),
    (
        "LG006",
        "ALTER TABLE calls_1 ADD CONSTRAINT c FOREIGN KEY (who) REFERENCES people NOT VALID;"
        "ALTER TABLE calls_1 VALIDATE CONSTRAINT c;"
        "ALTER TABLE calls ADD CONSTRAINT c FOREIGN KEY (who) REFERENCES people;",
    ),
    ("LG055", "CREATE INDEX CONCURRENTLY ON events_1 (at);"),
    ("LG055", "REINDEX INDEX CONCURRENTLY events_at;"),
    ("LG055", "ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY;"),
    (
        "LG055",
        "CREATE UNIQUE INDEX CONCURRENTLY ON sums (id);"
        "REFRESH MATERIALIZED VIEW CONCURRENTLY sums;",
    ),
]


@pytest.mark.parametrize(("code", "sql"), FOUND)
def test_hazard_is_found(code: str, sql: str) -> None:
    assert code in {finding.code for finding in findings(sql)}


@pytest.mark.parametrize(("code", "sql"), LEFT_ALONE)
def test_harmless_is_left_alone(code: str, sql: str) -> None:
    assert code not in {finding.code for finding in findings(sql)}


def test_value_of_an_enum_of_the_same_transaction_may_be_used_from_17_on() -> None:
    sql = (
        "BEGIN; CREATE TYPE tone AS ENUM ('low'); ALTER TYPE tone ADD VALUE 'high';"
        "CREATE TABLE notes (tone tone DEFAULT 'high'); COMMIT;"
    )

    found = [{finding.code for finding in findings(sql, major=major)} for major in (16, 17)]

    assert "LG047" in found[0]
    assert "LG047" not in found[1]


@pytest.mark.parametrize(
    "sql", ["DROP INDEX events_at;", "ALTER TABLE logs DETACH PARTITION logs_1;"]
)
def test_what_has_no_other_way_is_only_noted_after_a_lock_timeout(sql: str) -> None:
    severities = [
        [f.severity for f in findings(before + sql) if f.code in ("LG002", "LG013")]
        for before in ("", "SET lock_timeout = '2s';", "RESET lock_timeout;")
    ]

    assert [[Severity.WARNING], [Severity.INFO], [Severity.WARNING]] == severities


def test_foreign_key_of_a_partitioned_table_is_validated_where_the_major_can() -> None:
    sql = "ALTER TABLE calls ADD FOREIGN KEY (who) REFERENCES people;"

    remedies = [
        {found.remedy for found in findings(sql, major=major) if found.code == "LG006"}
        for major in (17, 18)
    ]

    by_partition = "add it to each partition NOT VALID, VALIDATE there, then here as it is"
    at_once = "add it NOT VALID, and VALIDATE CONSTRAINT in a later transaction"
    assert [{by_partition}, {at_once}] == remedies


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("ALTER TABLE people ALTER note TYPE varchar(9);", "text becomes varchar(9)"),
        ("ALTER TABLE people ALTER note TYPE char(9);", "text becomes char(9)"),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY k ON calls_1 (id, who);"
            "ALTER TABLE calls_1 ADD PRIMARY KEY USING INDEX k;",
            "every row is read for a NULL in who, and fails",
        ),
        ("ALTER TABLE people ADD m serial UNIQUE;", "every row is written anew and the index of"),
        (
            "BEGIN; DROP VIEW names; CREATE VIEW names AS SELECT p.id FROM people p; COMMIT;",
            "breaks code that uses view names and reads note and n: it is made again without",
        ),
        ("REINDEX INDEX people_n;", "blocks writes on people, and the reads"),
        (
            "DROP VIEW IF EXISTS sums; DROP FUNCTION idle(int);"
            "CREATE FUNCTION idle(int) RETURNS text RETURN 'no';",
            "breaks code that uses function idle until line 1 makes it again",
        ),
    ],
)
def test_message_says(sql: str, words: str) -> None:
    assert words in " ".join(found.message for found in findings(sql))


def test_setting_leaks_out_of_a_revision_outside_a_transaction_too() -> None:
    assert "LG054" in {found.code for found in findings("SET ROLE joe;", revision="abc")}


@pytest.mark.parametrize(
    ("sql", "remedy"),
    [
        ("DROP INDEX events_at;", "PostgreSQL drops this one in no other way"),
        ("ALTER TABLE logs DETACH PARTITION logs_1;", "a default partition rules CONCURRENTLY out"),
        ("REFRESH MATERIALIZED VIEW sums;", "give it a unique index, then write"),
        ("REFRESH MATERIALIZED VIEW sums WITH NO DATA;", "leave WITH NO DATA out, and write"),
        ("ALTER TABLE calls ADD UNIQUE (id, at);", "add it to each partition, USING an INDEX"),
        (
            "ALTER TABLE people ALTER n SET NOT NULL, ADD CHECK (n > 0) NOT VALID, ADD m int;",
            "prove it first",
        ),
        (
            "ALTER TABLE people ADD CONSTRAINT c CHECK (n > 0) NOT VALID;"
            "ALTER TABLE people VALIDATE CONSTRAINT c, ADD m int;",
            "write its actions as statements, each in a transaction of its own",
        ),
        ("ALTER SEQUENCE numbers RENAME TO counts;", "make a second sequence that starts far"),
        ("ALTER TABLE people ADD m serial UNIQUE;", "add a plain column, fill it in batches"),
        ("REINDEX SCHEMA public;", "write REINDEX ... CONCURRENTLY"),
        ("ALTER DOMAIN part SET NOT NULL;", "put CHECK (... IS NOT NULL)"),
        ("ALTER TABLE people ADD m serial;", "give it a sequence's nextval() as default"),
        ("ALTER TABLE people ADD m int GENERATED ALWAYS AS IDENTITY;", "add a plain column, give"),
        ("ALTER TABLE people ADD m int GENERATED ALWAYS AS (n) STORED;", "fill it by a trigger"),
        ("ALTER TABLE people ADD m int DEFAULT random();", "set the default afterwards"),
        ("ALTER TABLE people ADD m int CHECK (m > 0);", "add it without its CHECK, then that NOT"),
        ("ALTER TABLE people ADD m part;", "add it with the domain's own type, then its CHECK"),
    ],
)
def test_remedy_is_not_to_write_what_postgresql_refuses(sql: str, remedy: str) -> None:
    assert remedy in " ".join(found.remedy for found in findings(sql))


SENT = (
    ApplicationStatement("SELECT note FROM people WHERE id = $1", 5_000, 5.0, 0.1),
    ApplicationStatement("UPDATE public.people SET note = $1", 100, 0.01, 0.2),
    ApplicationStatement("SELECT id FROM people", 10_000, 10.0, 0.1),
)


@pytest.mark.parametrize(
    ("sql", "rows", "sent", "severity", "words"),
    [
        (
            "ALTER TABLE people DROP COLUMN note;",
            0,
            SENT,
            Severity.ERROR,
            "breaks code that reads it: SELECT note FROM people WHERE id = $1, 5.0 a second, and 1"
            " more",
        ),
        ("ALTER TABLE people DROP COLUMN n;", 0, SENT, Severity.WARNING, "keeps none"),
        ("ALTER TABLE people DROP COLUMN n;", 9, SENT, Severity.ERROR, "keeps none"),
        ("ALTER TABLE people DROP COLUMN n;", 0, None, Severity.ERROR, "code that reads it"),
        ("ALTER TABLE people RENAME n TO m;", 9, SENT, Severity.WARNING, "keeps none"),
        ("ALTER TABLE people RENAME note TO m;", 9, SENT, Severity.ERROR, "SELECT note FROM"),
        ("ALTER TABLE people RENAME TO folk;", 9, SENT, Severity.ERROR, "SELECT id FROM people"),
        ("ALTER TABLE events RENAME TO acts;", 9, SENT, Severity.WARNING, "keeps none"),
        ("DROP TABLE people CASCADE;", 0, (), Severity.WARNING, "keeps none"),
    ],
)
def test_break_of_code_weighs_as_much_as_what_the_target_is_sent(
    sql: str,
    rows: int,
    sent: tuple[ApplicationStatement, ...] | None,
    severity: Severity,
    words: str,
) -> None:
    people = star(rows, name="public.people")

    found = findings(sql, target=target(people, statements=sent))

    (breaks,) = (f for f in found if f.code in ("LG020", "LG021", "LG030", "LG031"))
    assert words in breaks.message
    assert severity is breaks.severity
