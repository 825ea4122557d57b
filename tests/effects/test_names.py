"""Names that need quotes, escapes or cuts: predicted as they are observed."""

from __future__ import annotations

import pytest

from lockgate.core.agreement import agree
from lockgate.core.effects import Structure, apply, predict, structure_of
from lockgate.core.effects.catalog import name_of
from lockgate.core.effects.expressions import split_name
from lockgate.core.sql.trees import parse, quote_identifier
from lockgate.postgres.catalog import read_catalog
from tests.effects.corpus import Form
from tests.effects.lab import Lab

NAMES = (
    'a"b',
    '"',
    "50%s %%",
    "a.b",
    "a, b: (c) start",
    "it's \\ E'",
    "größe 大き",
    "a\nb",
    "Select",
    "x" * 63,
    "é" * 31,
)

GIVEN = """\
CREATE TABLE {t} ({c} serial PRIMARY KEY, {d} int UNIQUE, i int GENERATED ALWAYS AS IDENTITY, v text);
CREATE INDEX ON {t} ({d}, lower(v), lower(v));
CREATE TABLE {f} (r int REFERENCES {t}, UNIQUE (r));
CREATE TABLE {m} ({c} int, {d} int) PARTITION BY LIST ({c});
CREATE TABLE {p} PARTITION OF {m} FOR VALUES IN (1);
CREATE TABLE {l} ({c} int, {d} int);
CREATE INDEX ON {m} (abs({d}), ({d} + 1), {c})
"""  # noqa: E501

STATEMENTS = (
    "DROP TABLE {f}, {t}",
    "ALTER TABLE {t} ADD UNIQUE ({d}, v)",
    "ALTER TABLE {t} ALTER COLUMN {d} TYPE bigint",
    "ALTER TABLE {t} DROP COLUMN {d}",
    "CREATE INDEX ON {t} (lower(v), lower(v), ({d} + 1), {d})",
    "ALTER TABLE {f} ADD FOREIGN KEY (r) REFERENCES {t} ({d})",
    "REINDEX TABLE {t}",
    "CREATE INDEX ON {m} ({d})",
    "ALTER TABLE {m} ADD PRIMARY KEY ({c}, {d})",
    "ALTER TABLE {m} ATTACH PARTITION {l} FOR VALUES IN (2)",
    "DROP TABLE {m}",
)


def spelled(template: str, name: str) -> str:
    """`template` with tables and columns that begin with a letter each and go on as `name`."""
    cut = {letter: name.encode()[:62].decode(errors="ignore") for letter in "tfmplcd"}
    quoted = {letter: quote_identifier(letter + rest) for letter, rest in cut.items()}
    return template.format(**quoted)


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_are_predicted_as_observed(name: str, any_lab: Lab, any_major: int) -> None:
    given = spelled(GIVEN, name)
    any_lab.empty()
    any_lab.connection.execute(given.encode())
    from_catalog = structure_of(read_catalog(any_lab.connection))
    from_statements = Structure.empty()
    for parsed in parse(given):
        apply(from_statements, parsed)

    for template in STATEMENTS:
        sql = spelled(template, name)
        (parsed,) = parse(sql)
        seen = any_lab.try_form(Form("names", given, sql))
        assert seen.error is None, sql
        for structure in (from_catalog, from_statements):
            both = agree(predict(parsed, structure, any_major), seen.statement, kind=parsed.kind)
            assert (sql, ()) == (sql, both.disagreements)


def test_a_name_is_read_as_regclass_reads_it(any_lab: Lab) -> None:
    any_lab.empty()
    for name in NAMES:
        text = f"PUBLIC.{quote_identifier(name)}"
        any_lab.connection.execute(f"CREATE TABLE {text} ()".encode())
        asked = "SELECT relname, oid::regclass::text FROM pg_class WHERE oid = %s::regclass"
        ((meant, written),) = any_lab.connection.execute(asked, (text,)).fetchall()

        assert ("public", meant) == split_name(text)
        assert ("public", meant) == name_of(f"public.{written}")
