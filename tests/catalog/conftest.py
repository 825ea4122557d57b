"""For each major, two databases with every pair of the corpus: before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.core.catalog import Catalog
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.binaries import find_pg_dump
from lockgate.postgres.catalog import read_catalog
from lockgate.postgres.servers import Server, create_database
from tests.catalog.corpus import ROLES, Pair, pairs_for
from tests.catalog.dumped import read_dump

ServersByMajor = Callable[[int], Server]


def connect(url: DatabaseUrl) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(make_conninfo(**url.conninfo()), autocommit=True)


def run(url: DatabaseUrl, statements: str) -> None:
    with connect(url) as connection:
        connection.execute(statements.encode())


def read(url: DatabaseUrl, *version_tables: tuple[str, str]) -> Catalog:
    with connect(url) as connection:
        return read_catalog(connection, leave_out=version_tables)


def usable_pairs(server: Server) -> tuple[Pair, ...]:
    """The pairs that `server` can make; makes the roles that they name."""
    with connect(server.url) as connection:
        there = {name for (name,) in connection.execute("SELECT rolname::text FROM pg_roles")}
        for role in ROLES:
            if role not in there:
                connection.execute(f"CREATE ROLE {role}".encode())
        # Some builds, such as the packaged one, are without ICU, and name one collation of it.
        answer = connection.execute("SELECT 1 FROM pg_collation WHERE collprovider = 'i' LIMIT 2")
        return pairs_for(server.binaries.major, icu=len(answer.fetchall()) == 2)


@dataclass(frozen=True)
class Side:
    """A database with every pair of one side, read in both ways."""

    url: DatabaseUrl
    catalog: Catalog
    dump: Catalog


@dataclass(frozen=True)
class Sides:
    pairs: tuple[Pair, ...]
    before: Side
    after: Side


@pytest.fixture(scope="session")
def sides_by_major(servers_by_major: ServersByMajor) -> Callable[[int], Sides]:
    made: dict[int, Sides] = {}

    def sides_of(major: int) -> Sides:
        if major not in made:
            server = servers_by_major(major)
            pairs = usable_pairs(server)
            before, after = (_make(server, pairs, changed=changed) for changed in (False, True))
            made[major] = Sides(pairs, before, after)
        return made[major]

    return sides_of


def _make(server: Server, pairs: tuple[Pair, ...], *, changed: bool) -> Side:
    url = create_database(server.url, f"corpus_{'after' if changed else 'before'}")
    run(url, "".join(pair.statements(changed=changed) for pair in pairs))
    return Side(url, read(url), read_dump(url, pg_dump=find_pg_dump(18)))


@pytest.fixture
def sides(any_server: Server, sides_by_major: Callable[[int], Sides]) -> Sides:
    """Both sides of the corpus on a server of each major in turn."""
    return sides_by_major(any_server.binaries.major)
