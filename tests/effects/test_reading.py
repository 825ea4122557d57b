"""Statements of a script as trees, with their places, whatever stands between them."""

from __future__ import annotations

import pytest

from lockgate.core.parsed import ParsedStatement
from lockgate.core.sql.trees import parse, quote_identifier


def places(script: str) -> list[tuple[str, int, int, int]]:
    return [(one.sql, one.start, one.start_byte, one.line) for one in parse(script)]


def test_statements_have_their_text_and_place() -> None:
    script = "-- first\n/* a /* b */ ; */ SELECT 'ä;' ;\n\n  SELECT $x$;$x$"

    first, second = script.index("SELECT 'ä"), script.index("SELECT $")
    assert [("SELECT 'ä;'", first, first, 2), ("SELECT $x$;$x$", second, second + 1, 4)] == places(
        script
    )


def test_after_a_syntax_error_the_rest_is_read() -> None:
    script = "SELECT 1;\nSELECT 'ü', FROM x;\nSELECT 2"

    first, wrong, last = parse(script)

    assert (first.sql, last.sql, last.line) == ("SELECT 1", "SELECT 2", 3)
    assert wrong.problem is not None
    assert ('syntax error at or near "FROM"', 2, 13) == (
        wrong.problem.message,
        wrong.problem.line,
        wrong.problem.column,
    )


@pytest.mark.parametrize(
    "between",
    [
        "\\connect other\n",
        "COPY t FROM stdin;\n1\t;\n'\n\\.\n",
        "\\set x 'a'\n-- it's\n",
    ],
)
def test_what_is_for_psql_is_left_out(between: str) -> None:
    script = f"SELECT 1;\n{between}SELECT 2;"

    assert {"SELECT 1", "SELECT 2"} == {one.sql for one in parse(script)} - {"COPY t FROM stdin"}


def test_body_of_a_function_is_one_statement() -> None:
    body = (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC "
        "SELECT 1; SELECT CASE WHEN true THEN 2 END; END"
    )

    found: tuple[ParsedStatement, ...] = parse(f"{body}; selec; SELECT 3")

    assert [body, "selec", "SELECT 3"] == [one.sql for one in found]


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        *[(name, name) for name in ("orders", "_a1", "value")],
        *[(name, f'"{name}"') for name in ("Orders", "user", "values", "a b", "1a", "ü")],
        ('a"b', '"a""b"'),
    ],
)
def test_names_are_quoted_where_they_have_to_be(name: str, quoted: str) -> None:
    assert quoted == quote_identifier(name)
