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
from lockgate.postgres.dump import read_catalog as read_dump
from lockgate.postgres.servers import Server, create_database
from tests.catalog.corpus import ROLES, Pair, pairs_for

ServersByMajor = Callable[[int], Server]


def connect(url: DatabaseUrl) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(make_conninfo(**url.conninfo()), autocommit=True)


def run(url: DatabaseUrl, statements: str) -> None:
    with connect(url) as connection:
        connection.execute(statements.encode())


def read(url: DatabaseUrl, *version_tables: tuple[str, str]) -> Catalog:
    with connect(url) as connection:
        return read_catalog(connection, leave_out=version_tables)


def make_roles(server: Server) -> None:
    with connect(server.url) as connection:
        there = {name for (name,) in connection.execute("SELECT rolname::text FROM pg_roles")}
        for role in ROLES:
            if role not in there:
                connection.execute(f"CREATE ROLE {role}".encode())


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
            make_roles(server)
            made[major] = Sides(
                pairs_for(major),
                _make(server, major, changed=False),
                _make(server, major, changed=True),
            )
        return made[major]

    return sides_of


def _make(server: Server, major: int, *, changed: bool) -> Side:
    url = create_database(server.url, f"corpus_{'after' if changed else 'before'}")
    run(url, "".join(pair.statements(changed=changed) for pair in pairs_for(major)))
    return Side(url, read(url), read_dump(url, pg_dump=find_pg_dump(18)))


@pytest.fixture
def sides(any_server: Server, sides_by_major: Callable[[int], Sides]) -> Sides:
    """Both sides of the corpus on a server of each major in turn."""
    return sides_by_major(any_server.binaries.major)
