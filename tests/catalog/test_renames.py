"""Candidates for renames, what people declare, and Catalogs after it."""

from __future__ import annotations

import pytest

from lockgate.core.catalog import Catalog, diff
from lockgate.core.ddl import apply, candidates, rename_script, statements
from lockgate.core.ddl.renames import RenameUnreadable, parse
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.scripts import run_script
from lockgate.postgres.servers import Server
from tests.catalog.conftest import read, run
from tests.catalog.test_truth import structural
from tests.conftest import NewDatabase

SHELF = """
CREATE TYPE mood AS ENUM ('ok', 'bad', 'it''s');
CREATE TABLE shelf (id int PRIMARY KEY, "Odd.Name" text, mood mood DEFAULT 'ok',
                    CONSTRAINT named CHECK (mood <> 'bad' AND "Odd.Name" <> 'id'));
CREATE TABLE book (id serial, shelf int REFERENCES shelf (id), title text, pages int,
                   twice int GENERATED ALWAYS AS (pages * 2) STORED, UNIQUE (title, shelf));
CREATE INDEX by_title ON book (lower(title)) WHERE pages > 0;
CREATE STATISTICS about ON pages, title FROM book;
CREATE VIEW long AS SELECT title, pages FROM book WHERE pages > 500;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER g BEFORE UPDATE OF pages ON book FOR EACH ROW WHEN (new.pages > 0)
    EXECUTE FUNCTION f();
ALTER TABLE book ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON book USING (pages > 0);
ALTER TABLE book REPLICA IDENTITY FULL;
COMMENT ON COLUMN book.pages IS 'pages'"""

RENAMES = (
    "table:public.shelf=rack",
    'table:book="Odd table"',
    "column:book.pages=leaves",
    'column:shelf."Odd.Name"="other ""name"""',
    "column:shelf.id=number",
    "label:mood.bad='so so'",
    "label:mood.'it''s'=its",
    "constraint:shelf.named=k",
    "constraint:book.book_title_shelf_key=unique_title",
    "index:by_title=book_by_title",
)


@pytest.mark.parametrize("text", RENAMES)
def test_a_rename_is_found_and_applied_as_the_server_does(
    any_server: Server, new_database: NewDatabase, text: str
) -> None:
    url = new_database(any_server)
    run(url, SHELF)
    before, rename = read(url), parse(text)

    run(url, rename.sql)
    after = read(url)
    found = candidates(before, after)

    assert rename == found[0].rename
    assert 0.5 <= found[0].confidence <= 1
    # Views over what was renamed are made anew; nothing else is left.
    left = {change.object for change in structural(diff(apply(before, [rename]), after))}
    assert left <= {"view"}


def test_renames_and_statements_lead_there_together(
    server: Server, new_database: NewDatabase
) -> None:
    start, end = new_database(server), new_database(server)
    renames = [parse(text) for text in RENAMES]
    renames.sort(key=lambda rename: rename.kind == "table")
    run(start, SHELF)
    run(end, ";".join([SHELF, *(rename.sql for rename in renames)]))
    run(end, 'ALTER TABLE "Odd table" ALTER id TYPE bigint; DROP VIEW long')

    script = statements(read(start), read(end), renames=renames)
    run_script(start, script)

    assert [] == structural(diff(read(start), read(end)))
    assert rename_script(renames).statements == script.statements[: len(renames)]
    assert not any(statement.loses for statement in script.statements)


def test_what_differs_too_much_is_no_candidate(database: DatabaseUrl) -> None:
    run(database, "CREATE TABLE a (x int, y text); CREATE TABLE t (c int, d text)")
    before = read(database)

    run(database, "DROP TABLE a; CREATE TABLE b (z int, w date); ALTER TABLE t DROP d, ADD e int")

    assert () == candidates(before, read(database))


def test_a_rename_that_cannot_be_made_is_refused() -> None:
    for text, reason in (
        ("table:a", "it does not say the new name"),
        ("tables:a=b", "it has another form"),
        ("column:a=b", "the name of a column has 3 parts"),
        ("label:ok=good", "a label stands behind its enum and a dot"),
    ):
        with pytest.raises(RenameUnreadable, match=reason):
            parse(text)
    with pytest.raises(RenameUnreadable, match='there is no table "public'):
        apply(Catalog("18.4", ()), [parse("table:a=b")])
