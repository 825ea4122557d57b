"""Statements that lead from one Catalog to another, proved by reading what they lead to."""

from __future__ import annotations

import pytest

from lockgate.core.catalog import Catalog, diff
from lockgate.core.ddl import Script, statements
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.scripts import run_script
from lockgate.postgres.servers import Server
from tests.catalog.conftest import Sides, read, run
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


def lead(url: DatabaseUrl, before: str, after: str, goal: DatabaseUrl) -> Script:
    """Makes `before` at `url` and `after` at `goal`, and leads the one to the other."""
    run(url, before)
    run(goal, after)
    script = statements(read(url), read(goal))
    run_script(url, script)
    assert [] == structural(diff(read(url), read(goal)))
    return script
