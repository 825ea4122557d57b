"""Which tables have a TOAST table, by prediction and by the server."""

from __future__ import annotations

import psycopg

from lockgate.core.effect import LockMode, Toast
from lockgate.core.effects import Structure, apply, predict
from lockgate.core.effects.facts import facts
from lockgate.core.effects.toast import has_toast
from lockgate.core.sql.trees import parse, parse_one
from lockgate.postgres.servers import Server
from tests.conftest import NewDatabase

TABLES = (
    "a int, b bigint, c uuid, d timestamptz",
    "a text",
    "a varchar",
    "a varchar(500)",
    "a varchar(501)",
    "a varchar(200), b varchar(200), c varchar(97)",
    "a varchar(200), b varchar(200), c varchar(110)",
    "a char(600)",
    "a numeric",
    "a numeric(10, 2), b numeric(1000, 2)",
    "a bit(8000), b varbit(8100)",
    "a bit(80)",
    "a int[]",
    "a jsonb, b int",
    "a name, b inet",
    "a mood, b short",
    "a longer",
    "a pair",
    "a mood[]",
    "a oid, b money, c interval, d macaddr, e point",
    "a int4range",
    "a tsvector",
)
TYPES = """
    CREATE TYPE mood AS ENUM ('a');
    CREATE DOMAIN short AS varchar(5);
    CREATE DOMAIN longer AS text;
    CREATE TYPE pair AS (x int, y int);
"""


def test_prediction_knows_which_tables_have_one(
    any_server: Server, new_database: NewDatabase
) -> None:
    made = TYPES + "".join(f"CREATE TABLE t{n:02} ({t});\n" for n, t in enumerate(TABLES))
    structure = Structure.empty()
    for parsed in parse(made):
        apply(structure, parsed)
    with psycopg.connect(**new_database(any_server).conninfo()) as connection:  # type: ignore[arg-type]
        major = connection.info.server_version // 10_000
        connection.execute(made.encode())
        real = connection.execute(
            b"SELECT relname, reltoastrelid <> 0 FROM pg_catalog.pg_class"
            b" WHERE relkind = 'r' AND relnamespace = 'public'::pg_catalog.regnamespace"
        ).fetchall()

    ours = [
        (name, has_toast(structure, structure.get(("public", name)), facts(major)))
        for name, _ in sorted(real)
    ]
    assert sorted(real) == ours


def test_it_stays_when_the_column_goes_that_it_was_made_for() -> None:
    structure = Structure.empty()
    for parsed in parse("CREATE TABLE t (a int, b text); ALTER TABLE t DROP COLUMN b"):
        apply(structure, parsed)

    (found,) = predict(parse_one("DROP TABLE t"), structure, 18).effects

    assert Toast(LockMode.ACCESS_EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE) == found.toast
