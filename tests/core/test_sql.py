"""The door to the parser: statements taken apart at the right places, whatever their letters."""

from __future__ import annotations

from lockgate.core.sql import fill_numbered, split, without_constants, without_strings


def test_script_is_split_at_its_semicolons() -> None:
    found = split("SELECT 'ünï;'; DELETE FROM \"ä\";\nSELECT 3")

    assert found == ("SELECT 'ünï;'", 'DELETE FROM "ä"', "SELECT 3")


def test_numbered_parameters_are_filled_in_code_only() -> None:
    found = fill_numbered("SELECT 'ünï $1', $2, $1 -- $1", ["'é'", "2"])

    assert found == "SELECT 'ünï $1', 2, 'é' -- $1"


def test_constants_are_taken_out_of_statements_on_rows_only() -> None:
    found = without_constants("INSERT INTO \"ä 'b' 1\" VALUES ('ö', 1, $1, NULL, E'\\'', 1.5)")

    assert found == "INSERT INTO \"ä 'b' 1\" VALUES (?, ?, $1, NULL, ?, ?)"
    assert without_constants("CREATE TABLE a (b char(8))") == "CREATE TABLE a (b char(8))"


def test_strings_are_taken_out_of_what_may_hold_a_password() -> None:
    found = without_strings("CREATE ROLE \"é\" LOGIN PASSWORD 'gehe''im'; SELECT $p$x$p$")

    assert found == "CREATE ROLE \"é\" LOGIN PASSWORD '***'; SELECT '***'"
    assert "geheim" not in without_strings("CREATE ROLE a PASSWORD 'geheim")
