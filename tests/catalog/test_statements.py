"""Statements that lead from one Catalog to another, proved by reading what they lead to."""

from __future__ import annotations

import pytest

from lockgate.core.catalog import Catalog, diff
from lockgate.core.ddl import SETTLED, Script, statements
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.scripts import run_script
from lockgate.postgres.servers import Server
from tests.catalog.conftest import Sides, read, run
from tests.catalog.scenarios import scenarios_for
from tests.catalog.test_truth import structural
from tests.conftest import NewDatabase


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_every_pair_is_led_over(
    sides: Sides, any_server: Server, new_database: NewDatabase, back: bool
) -> None:
    start, end = (sides.after, sides.before) if back else (sides.before, sides.after)
    url = new_database(any_server, template=str(start.url.database))
    script = statements(start.catalog, end.catalog)

    run_script(url, script)
    made = read(url)

    assert () == script.unsettled
    assert [] == structural(diff(made, end.catalog))
    assert end.catalog.fingerprint == made.fingerprint
    settled = {change for statement in script.statements for change in statement.settles}
    assert set(structural(diff(start.catalog, end.catalog))) == settled
    assert () == statements(made, end.catalog).statements


LEFT_COSMETIC = {"column order", "user mapping", "not-null constraint"}


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_comments_owners_and_privileges_are_settled_on_request(
    sides: Sides, any_server: Server, new_database: NewDatabase, back: bool
) -> None:
    start, end = (sides.after, sides.before) if back else (sides.before, sides.after)
    url = new_database(any_server, template=str(start.url.database))
    script = statements(start.catalog, end.catalog, cosmetic=SETTLED)

    run_script(url, script)
    made = read(url)

    left = [change for change in diff(made, end.catalog) if change.object not in LEFT_COSMETIC]
    assert [] == left
    assert {one.change.object for one in script.unsettled} <= LEFT_COSMETIC
    assert end.catalog.fingerprint == made.fingerprint


@pytest.mark.parametrize("changed", [False, True], ids=["before", "after"])
def test_everything_is_made_from_nothing(
    sides: Sides, any_server: Server, new_database: NewDatabase, changed: bool
) -> None:
    end = (sides.after if changed else sides.before).catalog
    url = new_database(any_server)

    run_script(url, statements(read(url), end))

    assert [] == structural(diff(read(url), end))


def test_everything_is_taken_away(
    sides: Sides, any_server: Server, new_database: NewDatabase
) -> None:
    url = new_database(any_server, template=str(sides.after.url.database))

    run_script(url, statements(sides.after.catalog, Catalog("", ())))

    assert [] == [found for found in read(url).objects if not found.cosmetic]


def test_what_hangs_together_is_led_over_both_ways(
    any_server: Server, new_database: NewDatabase
) -> None:
    pairs = scenarios_for(any_server.binaries.major)
    urls = new_database(any_server), new_database(any_server)
    for url, changed in zip(urls, (False, True), strict=True):
        run(url, "".join(pair.statements(changed=changed) for pair in pairs))
    catalogs = read(urls[0]), read(urls[1])

    for here, there in ((0, 1), (1, 0)):
        url, start, end = urls[here], catalogs[here], catalogs[there]
        script = statements(start, end)
        run_script(url, script)

        assert () == script.unsettled
        assert [] == structural(diff(read(url), end))


def lead(url: DatabaseUrl, before: str, after: str, goal: DatabaseUrl) -> Script:
    """Makes `before` at `url` and `after` at `goal`, and leads the one to the other."""
    run(url, before)
    run(goal, after)
    script = statements(read(url), read(goal))
    run_script(url, script)
    assert [] == structural(diff(read(url), read(goal)))
    return script


def test_indexes_are_made_and_dropped_without_blocking(
    server: Server, new_database: NewDatabase
) -> None:
    table = "CREATE TABLE t (a int, b int)"
    new = "CREATE TABLE u (a int); CREATE INDEX k ON u (a)"
    url, goal = new_database(server), new_database(server)
    run(url, f"{table}; CREATE INDEX i ON t (a)")
    run(goal, f"{table}; CREATE UNIQUE INDEX j ON t (b); {new}")

    script = statements(read(url), read(goal), concurrently=True)
    run_script(url, script)

    assert [] == structural(diff(read(url), read(goal)))
    assert [
        "DROP INDEX CONCURRENTLY public.i",
        "CREATE UNIQUE INDEX CONCURRENTLY j ON public.t USING btree (b)",
    ] == [statement.sql for statement in script.statements if statement.outside]
