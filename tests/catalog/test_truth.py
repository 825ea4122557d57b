"""Truth by pg_dump: two Catalogs are equal exactly if the two dumps are."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockgate.core.catalog import Catalog, CatalogObject, Change, diff
from lockgate.postgres.binaries import find_pg_dump
from lockgate.postgres.dump import dump_schema
from lockgate.postgres.servers import create_database, drop_database
from tests.catalog.conftest import ServersByMajor, Sides, read, run, usable_pairs
from tests.catalog.corpus import PAIRS, Pair
from tests.catalog.dumped import read_dump
from tests.conftest import MAJORS, NewDatabase

OWN = re.compile(r"pair_\d+_")

NOT_BEFORE_18 = "an heir's not null"
"""What pg_dump 18 writes of it, older servers do not take."""

Structure = Mapping[str, frozenset[CatalogObject]]


def by_pair(objects: Iterable[CatalogObject]) -> Structure:
    """What is structure, by the pair that it belongs to."""
    found = defaultdict(set)
    for one in objects:
        if not one.cosmetic:
            for own in set(OWN.findall(repr(one))):
                found[own].add(one)
    return {own: frozenset(members) for own, members in found.items()}


def structural(changes: Iterable[Change]) -> list[Change]:
    return [change for change in changes if not change.cosmetic]


def test_each_pair_differs_in_the_catalog_exactly_as_in_the_dump(sides: Sides) -> None:
    catalogs = [by_pair(side.catalog.objects) for side in (sides.before, sides.after)]
    dumps = [by_pair(side.dump.objects) for side in (sides.before, sides.after)]

    def differing(one: Structure, other: Structure) -> set[str]:
        return {pair.name for pair in sides.pairs if one.get(pair.own) != other.get(pair.own)}

    assert differing(*dumps) == differing(*catalogs)
    assert {pair.name for pair in sides.pairs if not pair.cosmetic} == differing(*catalogs)


def test_each_pair_has_a_change_in_both_directions(sides: Sides) -> None:
    there = diff(sides.before.catalog, sides.after.catalog)
    back = diff(sides.after.catalog, sides.before.catalog)
    changed = {own for change in there for own in OWN.findall(repr(change))}

    assert {pair.own for pair in sides.pairs} == changed
    assert {(c.object, c.name, c.property, c.from_, c.to, c.cosmetic) for c in there} == {
        (c.object, c.name, c.property, c.to, c.from_, c.cosmetic) for c in back
    }
    assert {pair.own for pair in sides.pairs if pair.cosmetic}.isdisjoint(
        own for change in structural(there) for own in OWN.findall(repr(change))
    )


def test_the_order_of_making_is_no_structure(sides: Sides, new_database: NewDatabase) -> None:
    server = sides.before.url
    for changed, side in ((False, sides.before), (True, sides.after)):
        url = create_database(server, f"reversed_{changed}".lower())
        try:
            run(url, "".join(p.statements(changed=changed) for p in reversed(sides.pairs)))
            made = read(url)
        finally:
            drop_database(server, f"reversed_{changed}".lower())

        assert diff(side.catalog, made) == ()
        assert side.catalog.fingerprint == made.fingerprint
        assert side.catalog.cosmetic_fingerprint == made.cosmetic_fingerprint


UPWARD = [(old, new) for old in MAJORS for new in MAJORS if old <= new]


@pytest.mark.parametrize(("old", "new"), UPWARD)
@pytest.mark.parametrize("changed", [False, True], ids=["before", "after"])
def test_a_restored_dump_has_the_same_fingerprint(
    servers_by_major: ServersByMajor, new_database: NewDatabase, old: int, new: int, changed: bool
) -> None:
    servers = servers_by_major(old), servers_by_major(new)
    usable = [usable_pairs(server) for server in servers]
    source, copy = (new_database(server) for server in servers)
    pairs = [
        pair
        for pair in usable[0]
        if pair in usable[1] and (new >= 18 or pair.name != NOT_BEFORE_18)
    ]
    run(source, "".join(pair.statements(changed=changed) for pair in pairs))

    run(copy, dump_schema(source, pg_dump=find_pg_dump(18)))

    assert structural(diff(read(source), read(copy))) == []
    assert read(source).fingerprint == read(copy).fingerprint


EXAMPLES = int(os.environ.get("LOCKGATE_TEST_EXAMPLES", "5"))
"""Two databases are made for each: a run that is to find something wants a hundred."""

NUMBERS = count(1)
CHOICES = st.lists(
    st.tuples(st.sampled_from(PAIRS), st.booleans(), st.booleans()),
    max_size=12,
    unique_by=lambda choice: choice[0].number,
)
"""Pairs, each with its side in the one and in the other database."""


@pytest.mark.parametrize("major", MAJORS, ids=lambda major: f"pg{major}")
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(choices=CHOICES)
def test_catalogs_are_equal_exactly_if_dumps_are(
    servers_by_major: ServersByMajor, major: int, choices: list[tuple[Pair, bool, bool]]
) -> None:
    server = servers_by_major(major)
    pairs = set(usable_pairs(server))
    usable = [choice for choice in choices if choice[0] in pairs]

    catalogs: list[Catalog] = []
    dumps: list[Catalog] = []
    for statements in (
        "".join(pair.statements(changed=one) for pair, one, _ in usable),
        "".join(pair.statements(changed=other) for pair, _, other in reversed(usable)),
    ):
        name = f"random_{next(NUMBERS)}"
        url = create_database(server.url, name)
        try:
            run(url, statements)
            catalogs.append(read(url))
            dumps.append(read_dump(url, pg_dump=find_pg_dump(18)))
        finally:
            drop_database(server.url, name)

    equal = dumps[0].fingerprint == dumps[1].fingerprint
    assert equal == (catalogs[0].fingerprint == catalogs[1].fingerprint)
    assert equal == all(one == other or pair.cosmetic for pair, one, other in usable)
    assert equal == (structural(diff(*catalogs)) == [])


def test_there_are_three_hundred_pairs_and_more() -> None:
    assert len(PAIRS) > 300
